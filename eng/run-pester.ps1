# Runs tests/Pester, or one file of it, and writes a line for each test: its outcome, a tab, and why it was skipped or its name.
param([string] $Results, [string] $Modules, [string] $File)
$ErrorActionPreference = 'Stop'

$env:PSModulePath = $Modules + [IO.Path]::PathSeparator + $env:PSModulePath
Import-Module Pester # which the build of the tests has put there

$configuration = New-PesterConfiguration
$configuration.Run.Path = Join-Path (Split-Path $PSScriptRoot) tests Pester $File
$configuration.Run.PassThru = $true
$run = Invoke-Pester -Configuration $configuration

function Get-Line($Outcome, $Text) { "$Outcome`t$($Text -replace '\s+', ' ')" }
$lines = @(
    foreach ($test in $run.Tests) {
        switch ($test.Result) {
            'Passed' { Get-Line passed $test.ExpandedPath }
            'Skipped' {
                $reason = "$($test.ErrorRecord | Select-Object -First 1)" -replace '^is skipped(, because )?'
                Get-Line skipped ($reason ? $reason : "no reason given: $($test.ExpandedPath)")
            }
            'NotRun' { }
            default { Get-Line failed $test.ExpandedPath }
        }
    }
    # What failed around tests that did not: an AfterAll, a file that cannot be read.
    foreach ($around in @($run.FailedBlocks) + @($run.FailedContainers)) {
        if ($around -and $around.FailedCount -eq 0) { Get-Line failed "around $around" }
    }
)
Set-Content $Results $lines
exit ($lines -match '^failed').Count -gt 0 ? 1 : 0
