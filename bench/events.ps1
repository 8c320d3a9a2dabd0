# Pipes so many typed events to Out-Null: from Get-EbpfEvent, and from a cmdlet with a class written by hand for the same
# struct, which makes each of its objects of a record's bytes, in turn. Prints the milliseconds of both for each round.
# Somebody has to keep full the ring that this process makes.
param([string] $Module, [string] $Object, [int] $Count, [int] $Rounds)

$ErrorActionPreference = 'Stop'
Import-Module $Module
Add-Type -CompilerOptions '-optimize+' -PassThru -TypeDefinition @'
using System;
using System.Buffers.Binary;
using System.Management.Automation;
using System.Text;

public enum Kind { Open, Close }

public sealed class HandPoint
{
    public short X { get; init; }
    public short Y { get; init; }
}

public sealed class HandEvent
{
    private readonly byte[] _record;

    public HandEvent(ReadOnlySpan<byte> record) { _record = record.ToArray(); }

    public ulong Sequence => BinaryPrimitives.ReadUInt64LittleEndian(_record);
    public int Pid => BinaryPrimitives.ReadInt32LittleEndian(_record.AsSpan(8));
    public Kind Kind => (Kind)BinaryPrimitives.ReadInt32LittleEndian(_record.AsSpan(12));
    public string Text => Encoding.UTF8.GetString(_record.AsSpan(16, 16)).TrimEnd('\0');
    public HandPoint At => new HandPoint { X = BinaryPrimitives.ReadInt16LittleEndian(_record.AsSpan(32)), Y = BinaryPrimitives.ReadInt16LittleEndian(_record.AsSpan(34)) };
    public uint Low => BinaryPrimitives.ReadUInt32LittleEndian(_record.AsSpan(36)) & 7;
    public uint High => BinaryPrimitives.ReadUInt32LittleEndian(_record.AsSpan(36)) >> 3 & 0xfffff;
    public ulong Time => BinaryPrimitives.ReadUInt64LittleEndian(_record.AsSpan(40));
}

[Cmdlet(VerbsCommunications.Write, "HandEvent")]
public sealed class WriteHandEventCommand : PSCmdlet
{
    [Parameter(Mandatory = true)]
    public int Count { get; set; }

    protected override void EndProcessing()
    {
        byte[] ring = new byte[56 << 10]; // records of 48 bytes and their heads
        for (int i = 0, at = 0; i < Count; i++)
        {
            WriteObject(new HandEvent(ring.AsSpan(at + 8, 48)));
            at = at + 112 > ring.Length ? 0 : at + 56;
        }
    }
}
'@ | ForEach-Object Assembly | Sort-Object -Unique | Import-Module

function Measure-Turn([scriptblock] $Turn) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    & $Turn
    $watch.Elapsed.TotalMilliseconds
}

$probe = Start-EbpfProbe $Object
for ($round = 0; $round -lt $Rounds; $round++) {
    # A stream of one event costs what its beginning and its end do.
    $begin = Measure-Turn { $probe | Get-EbpfEvent -MaxEvents 1 | Out-Null }
    $ours = Measure-Turn { $probe | Get-EbpfEvent -MaxEvents $Count | Out-Null }
    $theirs = Measure-Turn { Write-HandEvent -Count $Count | Out-Null }
    [Console]::Out.WriteLine("$($ours - $begin) $theirs")
}
