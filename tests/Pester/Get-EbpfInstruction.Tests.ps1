# Get-EbpfProgram -Instruction as users type it. The library's own tests compare every field with bpftool's.
Describe 'Get-EbpfProgram -Instruction' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        if (-not $LiveOnly) {
            $stream = Start-Stream 'Get-ExecEvent -Duration 10m'
            $program = Get-EbpfProgram exec_* | Where-Object ProcessId -Contains $PID | Select-Object -First 1
            $instructions = @(Get-EbpfProgram -ProgramId $program.Id -Instruction)
        }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        if ($stream) {
            $stream.Shell.Stop()
            $stream.Shell.Dispose()
        }
    }

    It 'gives what bpftool prog dump xlated prints' {
        $printed = @(bpftool prog dump xlated id $program.Id) -match '^\s*\d+: \(' | ForEach-Object Trim
        $instructions.ForEach{ '{0}: {1}' -f $_.Index, $_.Text } | Should -Be $printed
        ($instructions | Measure-Object { $_.Opcode.Length / 2 } -Sum).Sum | Should -Be $program.TranslatedBytes
        $instructions[0].PSObject.TypeNames[0] | Should -Be Ebee.Programs.EbpfInstruction
        $instructions.ProgramName | Sort-Object -Unique | Should -Be $program.Name
    }

    It 'takes programs by name and by pipeline' {
        @($program | Get-EbpfProgram -Instruction).Text | Should -Be $instructions.Text
        @(Get-EbpfProgram $program.Name -Instruction | Where-Object ProgramId -EQ $program.Id).Text | Should -Be $instructions.Text
        @(Get-EbpfMap -Id $program.MapId[0] | Get-EbpfProgram -Instruction | Where-Object ProgramId -EQ $program.Id).Text | Should -Be $instructions.Text
    }

    It 'says which id is missing' {
        { Get-EbpfProgram -ProgramId 4294967294 -Instruction -ErrorAction Stop } | Should -Throw -ErrorId 'EbpfProgramNotFound,*'
    }

    It 'fits 120 columns as a table, in groups by function' {
        $table = ($instructions | Format-Table | Out-String -Width 120) -replace "`e\[[0-9;]*m"
        $table | Should -Match "Program: $($program.Id) $($program.Name): "
        $table | Should -Match '(?m)^\s+0 \('
        $table -split "`n" | ForEach-Object Length | Measure-Object -Maximum | ForEach-Object Maximum | Should -BeLessOrEqual 120
        $list = $instructions[0] | Format-List | Out-String -Width 120
        foreach ($property in $instructions[0].PSObject.Properties.Name) { $list | Should -Match $property }
    }
}
