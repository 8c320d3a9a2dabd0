# Pipes so many exec events to Out-Null, from Ebee and from a trivial cmdlet that writes events made before, in turn.
# Prints the milliseconds of both for each round. Somebody has to keep full each ring that this process makes.
param([string] $Module, [int] $Count, [int] $Rounds)

$ErrorActionPreference = 'Stop'
Import-Module $Module
Add-Type -CompilerOptions '-optimize+' -PassThru -TypeDefinition @'
using System.Management.Automation;

[Cmdlet(VerbsCommunications.Write, "Premade")]
public sealed class WritePremadeCommand : PSCmdlet
{
    [Parameter(Mandatory = true)]
    public object[] Premade { get; set; }

    [Parameter(Mandatory = true)]
    public int Count { get; set; }

    protected override void EndProcessing()
    {
        object[] bare = System.Array.ConvertAll(Premade, o => o is PSObject wrapped ? wrapped.BaseObject : o);
        for (int i = 0, next = 0; i < Count; i++)
        {
            WriteObject(bare[next]);
            next = next + 1 == bare.Length ? 0 : next + 1;
        }
    }
}
'@ | ForEach-Object Assembly | Import-Module

function Measure-Turn([scriptblock] $Turn) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    & $Turn
    $watch.Elapsed.TotalMilliseconds
}

# Real execs find the ring full and are lost, as they should here: no warning of it.
$PSDefaultParameterValues['Get-ExecEvent:WarningAction'] = 'Ignore'
$premade = Get-ExecEvent -MaxEvents 1000
for ($round = 0; $round -lt $Rounds; $round++) {
    # A stream of one event costs what attaching and detaching do.
    $attach = Measure-Turn { Get-ExecEvent -MaxEvents 1 | Out-Null }
    $ours = Measure-Turn { Get-ExecEvent -MaxEvents $Count | Out-Null }
    $theirs = Measure-Turn { Write-Premade -Premade $premade -Count $Count | Out-Null }
    [Console]::Out.WriteLine("$($ours - $attach) $theirs")
}
