using Ebee.Programs;
using static Ebee.Native.LibBpf;

namespace Ebee.Tests.Unit;

/// <summary>Where a program writes records, seen in its instructions.</summary>
public sealed class OutputScanTests
{
    private const int Map = 7, OtherMap = 9;
    private const int PerfOutput = 25, Reserve = 131, RingOutput = 130, SeqWrite = 127;

    [Fact]
    public void Constants_are_followed_through_registers()
    {
        Assert.Equal([new EventOutput(Map, 48)], Scan([.. LoadMap(6, Map), Move(7, 40), Add(7, 8), Copy(1, 6), Copy(2, 7), Move(3, 0), Call(Reserve), Exit]));
    }

    [Fact]
    public void Each_way_of_output_has_its_own_registers()
    {
        Assert.Equal(
            [new EventOutput(Map, 12), new EventOutput(OtherMap, 16), new EventOutput(null, 24)],
            Scan([.. LoadMap(2, Map), Move(5, 12), Call(PerfOutput), .. LoadMap(1, OtherMap), Move(3, 16), Call(RingOutput), Move(3, 24), Call(SeqWrite), Exit]));
    }

    [Fact]
    public void What_two_ways_bring_must_agree()
    {
        // if r0 goto other; r2 = 8; goto call; other: r2 = 8 (or 16); call: reserve
        BpfInsn[] With(int other) => [.. LoadMap(1, Map), Jump(0x15, 0, 2), Move(2, 8), Jump(0x05, 0, 1), Move(2, other), Call(Reserve), Exit];
        Assert.Equal([new EventOutput(Map, 8)], Scan(With(8)));
        Assert.Equal([new EventOutput(Map, null)], Scan(With(16)));
    }

    [Fact]
    public void A_loop_that_changes_the_size_has_none()
    {
        // r7 = 8; again: reserve(r7); r7 += 8; if r7 goto again
        Assert.Equal([new EventOutput(Map, null)], Scan([Move(7, 8), .. LoadMap(1, Map), Copy(2, 7), Call(Reserve), Add(7, 8), Jump(0x55, 7, -6), Exit]));
    }

    [Fact]
    public void A_call_forgets_what_it_may_change_and_keeps_the_rest()
    {
        Assert.Equal([new EventOutput(Map, 8)], Scan([.. LoadMap(6, Map), Move(7, 8), Move(2, 16), Call(1), Copy(1, 6), Copy(2, 7), Call(Reserve), Exit]));
        Assert.Equal([new EventOutput(Map, null)], Scan([.. LoadMap(6, Map), Move(2, 16), Call(1), Copy(1, 6), Call(Reserve), Exit]));
    }

    [Fact]
    public void Subprograms_get_what_their_callers_pass()
    {
        BpfInsn subprogram = new(0x85, 1 << 4, 0, 1); // over the exit
        Assert.Equal([new EventOutput(Map, 20)], Scan([.. LoadMap(1, Map), Move(2, 20), subprogram, Exit, Call(Reserve), Exit]));
    }

    [Fact]
    public void A_subprogram_that_two_call_writes_into_both_their_maps()
    {
        BpfInsn Send(int over) => new(0x85, 1 << 4, 0, over);
        Assert.Equal([new EventOutput(Map, 20), new EventOutput(OtherMap, 8)],
            Scan([.. LoadMap(1, Map), Move(2, 20), Send(5), .. LoadMap(1, OtherMap), Move(2, 8), Send(1), Exit, Call(Reserve), Exit]));
    }

    [Fact]
    public void Callbacks_are_followed()
    {
        BpfInsn[] callback = [new(0x18, 2 | 4 << 4, 0, 4), default]; // of bpf_loop: over the rest of the first function
        Assert.Equal([new EventOutput(Map, 24)], Scan([Move(1, 3), .. callback, Move(3, 0), Call(181), Exit, .. LoadMap(1, Map), Move(2, 24), Call(Reserve), Exit]));
    }

    [Fact]
    public void What_is_written_of_a_maps_entry_is_known_also_if_it_was_kept_on_the_stack()
    {
        BpfInsn save = new(0x7b, 10, -8, 0), load = new(0x79, 2 | 10 << 4, -8, 0), half = new(0x63, 10, -4, 0);
        BpfInsn[] With(params BpfInsn[] between) =>
            [.. LoadMap(1, OtherMap), Call(1), save, .. LoadMap(6, Map), Call(5), .. between, Copy(1, 6), load, Move(3, 552), Call(RingOutput), Exit];
        Assert.Equal([new EventOutput(Map, 552, BuiltInFd: OtherMap)], Scan(With()));
        Assert.Equal([new EventOutput(Map, 552)], Scan(With(half)));
    }

    // An atomic operation that fetches changes a register: of exchange and add the source, of compare-and-exchange r0, of a load the
    // destination. One that does not fetch changes none.
    [Theory]
    [InlineData(0xe1, 7, 10, null)]      // xchg
    [InlineData(0x01, 7, 10, null)]      // fetch_add
    [InlineData(0xf1, 6, 10, null, 0)]   // cmpxchg
    [InlineData(0x100, 10, 7, null)]     // load_acquire
    [InlineData(0x110, 7, 10, 8)]        // store_release
    [InlineData(0x00, 7, 10, 8)]         // add
    public void What_an_atomic_operation_brings_is_not_known(int operation, int source, int destination, int? size, int changed = 7)
    {
        BpfInsn atomic = new(0xdb, (byte)(source << 4 | destination), -8, operation);
        Assert.Equal([new EventOutput(Map, size)], Scan([Move(changed, 8), .. LoadMap(1, Map), atomic, Copy(2, changed), Move(3, 0), Call(Reserve), Exit]));
    }

    [Fact]
    public void A_map_that_is_not_known_is_none()
    {
        Assert.Empty(Scan([Move(1, Map), Move(2, 8), Call(Reserve), Exit]));
        Assert.Empty(Scan([]));
    }

    [Fact]
    public void Any_instructions_have_an_end()
    {
        Random random = new(4711);
        byte[] codes = [0x18, 0x85, 0x95, 0x05, 0x06, 0x15, 0x55, 0xb7, 0xbf, 0x07, 0x0f, 0x79, 0x7b, 0xff, 0x00];
        int[] calls = [PerfOutput, Reserve, RingOutput, SeqWrite, -1, 3, int.MaxValue, int.MinValue];
        for (int round = 0; round < 5000; round++)
        {
            BpfInsn[] code = new BpfInsn[random.Next(60)];
            for (int i = 0; i < code.Length; i++)
            {
                code[i] = new BpfInsn(codes[random.Next(codes.Length)], (byte)random.Next(256), (short)random.Next(-20, 20),
                    random.Next(2) == 0 ? random.Next(-20, 20) : calls[random.Next(calls.Length)]);
            }
            Scan(code);
        }
    }

    private static readonly BpfInsn Exit = new(0x95, 0, 0, 0);

    private static IReadOnlyList<EventOutput> Scan(BpfInsn[] code) => OutputScan.Of(code);

    private static BpfInsn[] LoadMap(int register, int fd) => [new(0x18, (byte)(register | 1 << 4), 0, fd), default];

    private static BpfInsn Move(int register, int value) => new(0xb7, (byte)register, 0, value);

    private static BpfInsn Copy(int to, int from) => new(0xbf, (byte)(to | from << 4), 0, 0);

    private static BpfInsn Add(int register, int value) => new(0x07, (byte)register, 0, value);

    private static BpfInsn Call(int helper) => new(0x85, 0, 0, helper);

    private static BpfInsn Jump(byte code, int register, short offset) => new(code, (byte)register, offset, 0);
}
