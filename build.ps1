#!/usr/bin/env pwsh
# The tasks of eng/build.sh, for people who live in PowerShell.
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Docs', 'Package', 'Clean')]
    [string] $Task = 'Build'
)
if (-not $IsLinux) { throw 'Ebee is built on Linux: its kernel side is, and so is what it runs on.' }
& bash (Join-Path $PSScriptRoot eng build.sh) $Task
exit $LASTEXITCODE
