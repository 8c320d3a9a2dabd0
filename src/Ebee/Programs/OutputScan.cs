using System.Runtime.InteropServices;
using static Ebee.Native.LibBpf;

namespace Ebee.Programs;

/// <summary>
/// Finds where a program writes records, of what size and into which map: follows constants and maps through the registers of
/// its instructions, as libbpf has given them to the kernel, over all ways that the program can go. A subprogram is followed once for each
/// set of arguments that it is called with: one that sends into the map it is given may be called for several.
/// </summary>
internal sealed class OutputScan
{
    private const int Registers = 11, Arguments = 5, FramePointer = 10, Slot = 8, Slots = 512 / Slot;
    private const int MostCalls = 1024; // of subprograms, with different arguments
    private const byte LoadWide = 0x18, Call = 0x85, Exit = 0x95, JumpAlways = 0x05, JumpAlwaysFar = 0x06;
    private const int ClassMask = 7, ClassLoad = 0, ClassLoadMemory = 1, ClassStore = 2, ClassStoreRegister = 3, ClassArithmetic = 4, ClassJump = 5, ClassJump32 = 6, ClassArithmetic64 = 7;
    private const int OperationMask = 0xf0, Add = 0x00, Move = 0xb0, FromRegister = 0x08;
    private const int ModeMask = 0xe0, Atomic = 0xc0, Fetch = 0x01, CompareExchange = 0xf1, LoadAcquire = 0x100; // BPF_ATOMIC and what its immediate says
    private const int SourceMap = 1, SourceFunction = 4, CallSubprogram = 1; // BPF_PSEUDO_MAP_FD, BPF_PSEUDO_FUNC, BPF_PSEUDO_CALL
    private const int ModeMemory = 0x60, SizeMask = 0x18, SizeDouble = 0x18;  // BPF_MEM, BPF_DW

    private readonly BpfInsn[] _code;
    private readonly HashSet<int> _blocks;
    private readonly HashSet<(int Entry, Value First, Value Second, Value Third, Value Fourth, Value Fifth)> _calls;
    private readonly Dictionary<int, Value[]> _states = [];
    private readonly Stack<int> _toDo = new();
    private readonly List<(int Entry, Value[] State)> _called = [];
    private List<EventOutput>? _outputs;

    private OutputScan(BpfInsn[] code)
    {
        _code = code;
        _blocks = [0];
        _calls = [];
        FindBlocks();
    }

    // The same program, from a subprogram on.
    private OutputScan(OutputScan caller)
    {
        _code = caller._code;
        _blocks = caller._blocks;
        _calls = caller._calls;
    }

    private enum Known
    {
        Nothing,
        Constant,
        Map,
        Entry, // of a map
    }

    /// <summary>The outputs of a loaded program.</summary>
    public static unsafe IReadOnlyList<EventOutput> Of(ObjectProgram program) =>
        Of(new ReadOnlySpan<BpfInsn>(bpf_program__insns(program.Handle), (int)bpf_program__insn_cnt(program.Handle)));

    /// <summary>The outputs of instructions whose maps are descriptors.</summary>
    public static IReadOnlyList<EventOutput> Of(ReadOnlySpan<BpfInsn> code)
    {
        List<EventOutput> outputs = [];
        Stack<(OutputScan Scan, int Entry, Value[] State)> scans = new([(new OutputScan(code.ToArray()), 0, new Value[Registers + Slots])]);
        while (scans.TryPop(out (OutputScan Scan, int Entry, Value[] State) next))
        {
            outputs.AddRange(next.Scan.Follow(next.Entry, next.State));
            for (int i = next.Scan._called.Count - 1; i >= 0; i--)
            {
                scans.Push((new OutputScan(next.Scan), next.Scan._called[i].Entry, next.Scan._called[i].State));
            }
        }
        return [.. outputs.Distinct()];
    }

    private List<EventOutput> Follow(int entry, Value[] state)
    {
        Enter(entry, state);
        while (_toDo.TryPop(out int block))
        {
            Run(block);
        }
        _outputs = [];
        foreach (int block in _states.Keys.Order().ToArray())
        {
            Run(block);
        }
        return _outputs;
    }

    // Where control can come to from elsewhere.
    private void FindBlocks()
    {
        for (int at = 0; at < _code.Length; at += Length(at))
        {
            if (JumpTarget(at) is { } target)
            {
                _blocks.Add(target);
                _blocks.Add(at + 1);
            }
            else if ((_code[at].Code == Call && _code[at].Source == CallSubprogram) || (_code[at].Code == LoadWide && _code[at].Source == SourceFunction))
            {
                _blocks.Add(at + 1 + _code[at].Immediate);
            }
        }
    }

    private int Length(int at) => _code[at].Code == LoadWide ? 2 : 1;

    private int? JumpTarget(int at)
    {
        BpfInsn insn = _code[at];
        return (insn.Code & ClassMask) is not (ClassJump or ClassJump32) || insn.Code is Call or Exit ? null
            : at + 1 + (insn.Code == JumpAlwaysFar ? insn.Immediate : insn.Offset);
    }

    private void Enter(int block, ReadOnlySpan<Value> state)
    {
        if (block < 0 || block >= _code.Length || _outputs is not null)
        {
            return;
        }
        if (!_states.TryGetValue(block, out Value[]? known))
        {
            _states[block] = state.ToArray();
            _toDo.Push(block);
            return;
        }
        bool changed = false;
        for (int i = 0; i < known.Length; i++)
        {
            if (known[i] != state[i] && known[i].Kind != Known.Nothing)
            {
                known[i] = default;
                changed = true;
            }
        }
        if (changed)
        {
            _toDo.Push(block);
        }
    }

    private void Run(int block)
    {
        Value[] state = [.. _states[block]];
        for (int at = block; at < _code.Length;)
        {
            if (at != block && _blocks.Contains(at))
            {
                Enter(at, state);
                return;
            }
            BpfInsn insn = _code[at];
            if (JumpTarget(at) is { } target)
            {
                Enter(target, state);
                if (insn.Code is JumpAlways or JumpAlwaysFar)
                {
                    return;
                }
            }
            else if (insn.Code == Exit)
            {
                return;
            }
            else if (insn.Code == Call)
            {
                RunCall(at, insn, state);
            }
            else
            {
                Step(at, insn, state);
            }
            at += Length(at);
        }
    }

    private void Step(int at, BpfInsn insn, Value[] state)
    {
        int to = insn.Destination;
        if (to >= Registers || insn.Source >= Registers)
        {
            return; // the kernel takes no such register
        }
        int operation = insn.Code & OperationMask;
        Value operand = (insn.Code & FromRegister) != 0 ? state[insn.Source] : new Value(Known.Constant, insn.Immediate);
        switch (insn.Code & ClassMask)
        {
            case ClassLoad when insn.Code == LoadWide && insn.Source == SourceFunction:
                EnterSubprogram(at + 1 + insn.Immediate, default); // a callback
                state[to] = default;
                break;
            case ClassLoad when insn.Code == LoadWide:
                state[to] = insn.Source == SourceMap ? new Value(Known.Map, insn.Immediate)
                    : insn.Source == 0 && at + 1 < _code.Length ? new Value(Known.Constant, (uint)insn.Immediate | (long)_code[at + 1].Immediate << 32)
                    : default;
                break;
            case ClassArithmetic or ClassArithmetic64 when operation == Move && insn.Offset == 0:
                state[to] = operand;
                break;
            case ClassArithmetic or ClassArithmetic64 when operation == Add && state[to].Kind == Known.Constant && operand.Kind == Known.Constant:
                state[to] = new Value(Known.Constant, state[to].Number + operand.Number);
                break;
            case ClassLoad:
                state[0] = default; // of a packet, into r0
                break;
            case ClassStoreRegister when (insn.Code & ModeMask) == Atomic:
                // What was in memory comes back: into r0, or into one of the two registers.
                if (insn.Immediate == CompareExchange)
                {
                    state[0] = default;
                }
                else if (insn.Immediate == LoadAcquire)
                {
                    state[to] = default;
                }
                else if ((insn.Immediate & Fetch) != 0)
                {
                    state[insn.Source] = default;
                }
                break;
            case ClassLoadMemory when insn.Source == FramePointer && SlotOf(insn) is { } slot && (insn.Code & (ModeMask | SizeMask)) == (ModeMemory | SizeDouble):
                state[to] = state[slot];
                break;
            case ClassStoreRegister or ClassStore when to == FramePointer && SlotOf(insn) is { } slot:
                bool isWhole = (insn.Code & (ModeMask | SizeMask)) == (ModeMemory | SizeDouble) && insn.Offset % Slot == 0;
                state[slot] = !isWhole ? default : (insn.Code & ClassMask) == ClassStore ? new Value(Known.Constant, insn.Immediate) : state[insn.Source];
                break;
            case ClassLoadMemory or ClassArithmetic or ClassArithmetic64:
                state[to] = default;
                break;
        }
    }

    // What is kept on the stack over calls.
    private static int? SlotOf(BpfInsn insn) => insn.Offset is < 0 and >= -Slot * Slots ? Registers + (-insn.Offset - 1) / Slot : null;

    private void EnterSubprogram(int entry, ReadOnlySpan<Value> arguments)
    {
        Value[] state = new Value[Registers + Slots];
        arguments.CopyTo(state.AsSpan(1));
        if (_outputs is not null && _calls.Count < MostCalls && _calls.Add((entry, state[1], state[2], state[3], state[4], state[5])))
        {
            _called.Add((entry, state));
        }
    }

    private void RunCall(int at, BpfInsn insn, Value[] state)
    {
        if (insn.Source == CallSubprogram)
        {
            EnterSubprogram(at + 1 + insn.Immediate, state.AsSpan(1, Arguments));
        }
        else if (insn.Source == 0 && _outputs is not null)
        {
            // By the numbers of enum bpf_func_id.
            EventOutput? output = insn.Immediate switch
            {
                25 or 111 or 121 => IntoMap(state[2], state[5], state[4]), // perf_event_output, skb_output, xdp_output
                130 => IntoMap(state[1], state[3], state[2]),        // ringbuf_output
                131 or 198 => IntoMap(state[1], state[2], default),       // ringbuf_reserve, ringbuf_reserve_dynptr
                126 or 150 => new EventOutput(null, null, IsText: true), // seq_printf, seq_printf_btf
                127 => new EventOutput(null, Size(state[3])),    // seq_write
                _ => null,
            };
            if (output is { } found)
            {
                _outputs.Add(found);
            }
        }
        Value looked = insn.Source == 0 && insn.Immediate is 1 or 195 && state[1].Kind == Known.Map ? new Value(Known.Entry, state[1].Number) : default; // map_lookup_elem, _percpu_
        state.AsSpan(0, Arguments + 1).Clear();
        state[0] = looked;
    }

    private static EventOutput? IntoMap(Value map, Value size, Value data) => map.Kind == Known.Map
        ? new EventOutput((int)map.Number, Size(size), BuiltInFd: data.Kind == Known.Entry ? (int)data.Number : null)
        : null;

    private static int? Size(Value size) => size.Kind == Known.Constant && size.Number is >= 0 and <= int.MaxValue ? (int)size.Number : null;

    private readonly record struct Value(Known Kind, long Number);
}
