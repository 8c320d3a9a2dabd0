# Invoke-EbpfProgram as users type it. What runs give is compared with bpftool's by the library's own tests.
Describe 'Invoke-EbpfProgram' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder
        $noClang = -not (Get-Command clang -ErrorAction Ignore)
        if (-not $LiveOnly -and -not $noClang) {
            $said = clang -g -O2 -target bpf -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$Repository/tests/Ebee.Tests/causes/run.bpf.c" -o "$folder/run.bpf.o" 2>&1
            if ($LASTEXITCODE) { throw $said }
            $probe = Start-EbpfProbe "$folder/run.bpf.o" -ProgramName run_raw_tp, run_socket, run_syscall, run_perf_event -WarningAction Ignore
            $of = { $probe.Programs | Where-Object Name -eq $args[0] }
        }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
        if ($noClang) { Set-ItResult -Skipped -Because 'needs clang' }
    }
    AfterAll {
        if (-not $LiveOnly -and -not $noClang) { $probe | Stop-EbpfProbe }
        Remove-Item -Recurse -Force $folder
    }

    It 'runs a program of a probe, of the host, by its id and by its name' {
        $program = & $of run_socket
        $runs = @(
            $program | Invoke-EbpfProgram
            Invoke-EbpfProgram -ProbeProgram $program
            Get-EbpfProgram -ProgramId $program.ProgramId | Invoke-EbpfProgram
            [pscustomobject]@{ ProgramId = $program.ProgramId } | Invoke-EbpfProgram
            Invoke-EbpfProgram -ProgramId $program.ProgramId
        )
        $runs.Count | Should -Be 5
        $runs.ProgramId | Sort-Object -Unique | Should -Be $program.ProgramId
        $runs.ReturnValue | Sort-Object -Unique | Should -Be 50
        # The name is that of any program on the host: others of it are told apart by their ids.
        $mine = @(Get-EbpfProgram run_socket)
        if ($mine.Count -eq 1) { (Invoke-EbpfProgram run_sock*).ProgramId | Should -Be $program.ProgramId }
    }

    It 'runs all programs of a probe' {
        $runs = $probe | Invoke-EbpfProgram -Context ([byte[]]::new(24)) -ErrorAction SilentlyContinue -ErrorVariable problems
        $runs.ProgramName | Sort-Object | Should -Be run_raw_tp, run_socket, run_syscall
        # One of perf events is not run.
        $problems.FullyQualifiedErrorId | Should -Be 'EbpfNotSupported,Ebee.PowerShell.Commands.InvokeEbpfProgramCommand'
    }

    It 'takes bytes as <What>' -ForEach @(
        @{ What = 'an array'; Data = [byte[]](0..99) }
        @{ What = 'numbers'; Data = 0..99 }
        @{ What = 'digits'; Data = [Convert]::ToHexString([byte[]](0..99)) }
        @{ What = 'digits in groups'; Data = ([byte[]](0..99)).ForEach({ $_.ToString('x2') }) -join ':' }
        @{ What = 'digits with a prefix'; Data = '0x' + [Convert]::ToHexString([byte[]](0..99)) }
    ) {
        # The kernel takes off the Ethernet header for a socket filter, and gives zeros for it.
        (& $of run_socket | Invoke-EbpfProgram -Data $Data).Data | Should -Be (@(0) * 14 + 14..99)
    }

    It 'takes digits that look like a number, and refuses what is no digit' {
        (& $of run_socket | Invoke-EbpfProgram -Data 001122334455667788990011223344).Data[-1] | Should -Be 0x44
        (& $of run_syscall | Invoke-EbpfProgram -Context 000000000000000000000000000000990000000000000000).Context[15] | Should -Be 0x99
        { & $of run_socket | Invoke-EbpfProgram -Data 'no bytes' } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        { & $of run_socket | Invoke-EbpfProgram -Data 123 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        { & $of run_socket | Invoke-EbpfProgram -Repeat 1000001 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'gives back what a program wrote to its context' {
        $context = [byte[]]::new(24)
        $context[0] = 40
        $context[8] = 2
        $run = & $of run_syscall | Invoke-EbpfProgram -Context $context
        [BitConverter]::ToInt64($run.Context, 16) | Should -Be 42
        $context[16] | Should -Be 0
        (& $of run_raw_tp | Invoke-EbpfProgram -Context '15 00 00 00 00 00 00 00').ReturnValue | Should -Be 42
    }

    It 'repeats, and measures' {
        $run = & $of run_socket | Invoke-EbpfProgram -Repeat 100000
        $run.Repeat | Should -Be 100000
        $run.DurationNs | Should -BeGreaterThan 0
        $run.DurationNs | Should -BeLessThan (10000 * $Slowness)
    }

    It 'runs nothing with -WhatIf' {
        & $of run_socket | Invoke-EbpfProgram -WhatIf | Should -BeNullOrEmpty
        $said = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command "Import-Module '$ModulePath'; Invoke-EbpfProgram -ProgramId $((& $of run_socket).ProgramId) -Repeat 7 -WhatIf" | Out-String
        $said | Should -Match 'Run the eBPF program 7 times.*run_socket \(socket_filter, id \d+\)'
    }

    It 'says what is wrong' {
        function Get-Problem([scriptblock] $Script) { try { & $Script; throw 'no error' } catch { $_ } }
        $problem = Get-Problem { & $of run_perf_event | Invoke-EbpfProgram }
        $problem.FullyQualifiedErrorId | Should -BeLike 'EbpfNotSupported,*'
        $problem.CategoryInfo.Category | Should -Be NotImplemented
        $problem.ErrorDetails.RecommendedAction | Should -Match 'xdp, '
        (Get-Problem { Invoke-EbpfProgram -ProgramId ([uint]::MaxValue) }).FullyQualifiedErrorId | Should -BeLike 'EbpfProgramNotFound,*'
        (Get-Problem { Invoke-EbpfProgram no_such_program }).FullyQualifiedErrorId | Should -BeLike 'EbpfProgramNotFound,*'
        # Two of a name: none is run.
        $second = Start-EbpfProbe "$folder/run.bpf.o" -ProgramName run_socket -WarningAction Ignore
        try {
            $problem = Get-Problem { Invoke-EbpfProgram run_socket }
            $problem.FullyQualifiedErrorId | Should -BeLike 'EbpfInvalidArgument,*'
            $problem.ErrorDetails.RecommendedAction | Should -Match "-ProgramId $($second.Programs[0].ProgramId) "
        }
        finally { $second | Stop-EbpfProbe }
        (Get-Problem { $second | Invoke-EbpfProgram }).FullyQualifiedErrorId | Should -BeLike 'EbpfProbeNotFound,*'
    }

    It 'fits its views, and completes' {
        $run = & $of run_socket | Invoke-EbpfProgram -Data ([byte[]](0..99))
        $run | Out-String -Width 120 | Should -Match '(?m)^ *\d+ run_socket +socket_filter +86 +1 +\d+ 100 bytes: 00+…?\s*$'
        $run | Format-List | Out-String -Width 1000 | Should -Match '(?m)^Data +: (00){14}0e0f10'
        (TabExpansion2 'Invoke-EbpfProgram run_soc').CompletionMatches.CompletionText | Should -Contain run_socket
        (TabExpansion2 'Invoke-EbpfProgram -ProgramId ').CompletionMatches.CompletionText | Should -Contain "$((& $of run_socket).ProgramId)"
    }
}
