using System.Runtime.InteropServices;
using static Ebee.Native.LibBpf;

namespace Ebee.Programs;

/// <summary>
/// Finds where a program writes records, of what size and into which map: follows constants and maps through the registers of
/// its instructions, as libbpf has given them to the kernel, over all ways that the program can go.
/// </summary>
internal sealed class OutputScan
{
    private const int Registers = 11, Arguments = 5;
    private const byte LoadWide = 0x18, Call = 0x85, Exit = 0x95, JumpAlways = 0x05, JumpAlwaysFar = 0x06;
    private const int ClassMask = 7, ClassLoad = 0, ClassLoadMemory = 1, ClassStoreRegister = 3, ClassArithmetic = 4, ClassJump = 5, ClassJump32 = 6, ClassArithmetic64 = 7;
    private const int OperationMask = 0xf0, Add = 0x00, Move = 0xb0, FromRegister = 0x08;
    private const int ModeMask = 0xe0, Atomic = 0xc0, Fetch = 0x01, CompareExchange = 0xf1, LoadAcquire = 0x100; // BPF_ATOMIC and what its immediate says
    private const int SourceMap = 1, CallSubprogram = 1; // BPF_PSEUDO_MAP_FD, BPF_PSEUDO_CALL

    private readonly BpfInsn[] _code;
    private readonly HashSet<int> _blocks = [0];
    private readonly Dictionary<int, Value[]> _states = [];
    private readonly Stack<int> _toDo = new();
    private List<EventOutput>? _outputs;

    private OutputScan(ReadOnlySpan<BpfInsn> code) => _code = code.ToArray();

    private enum Known
    {
        Nothing,
        Constant,
        Map,
    }

    /// <summary>The outputs of a loaded program.</summary>
    public static unsafe IReadOnlyList<EventOutput> Of(ObjectProgram program) =>
        Of(new ReadOnlySpan<BpfInsn>(bpf_program__insns(program.Handle), (int)bpf_program__insn_cnt(program.Handle)));

    /// <summary>The outputs of instructions whose maps are descriptors.</summary>
    public static IReadOnlyList<EventOutput> Of(ReadOnlySpan<BpfInsn> code)
    {
        OutputScan scan = new(code);
        scan.FindBlocks();
        scan.Enter(0, new Value[Registers]);
        while (scan._toDo.TryPop(out int block))
        {
            scan.Run(block);
        }
        scan._outputs = [];
        foreach (int block in scan._states.Keys.Order().ToArray())
        {
            scan.Run(block);
        }
        return [.. scan._outputs.Distinct()];
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
            else if (_code[at].Code == Call && _code[at].Source == CallSubprogram)
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
        for (int i = 0; i < Registers; i++)
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
            case ClassLoadMemory or ClassArithmetic or ClassArithmetic64:
                state[to] = default;
                break;
        }
    }

    private void RunCall(int at, BpfInsn insn, Value[] state)
    {
        if (insn.Source == CallSubprogram)
        {
            Value[] callee = new Value[Registers];
            state.AsSpan(1, Arguments).CopyTo(callee.AsSpan(1));
            Enter(at + 1 + insn.Immediate, callee);
        }
        else if (insn.Source == 0 && _outputs is not null)
        {
            // By the numbers of enum bpf_func_id.
            EventOutput? output = insn.Immediate switch
            {
                25 or 111 or 121 => IntoMap(state[2], state[5]), // perf_event_output, skb_output, xdp_output
                130 => IntoMap(state[1], state[3]),              // ringbuf_output
                131 or 198 => IntoMap(state[1], state[2]),       // ringbuf_reserve, ringbuf_reserve_dynptr
                126 or 150 => new EventOutput(null, null, IsText: true), // seq_printf, seq_printf_btf
                127 => new EventOutput(null, Size(state[3])),    // seq_write
                _ => null,
            };
            if (output is { } found)
            {
                _outputs.Add(found);
            }
        }
        state.AsSpan(0, Arguments + 1).Clear();
    }

    private static EventOutput? IntoMap(Value map, Value size) => map.Kind == Known.Map ? new EventOutput((int)map.Number, Size(size)) : null;

    private static int? Size(Value size) => size.Kind == Known.Constant && size.Number is >= 0 and <= int.MaxValue ? (int)size.Number : null;

    private readonly record struct Value(Known Kind, long Number);
}
