# What another process chose is raw in properties and JSON, and harmless in what the views print.
BeforeDiscovery {
    $hostile = @(
        @{ What = 'an escape sequence'; Raw = "a`e[2J`e]0;title`ab"; Shown = 'a\e[2J\e]0;title\x07b' }
        @{ What = 'line breaks'; Raw = "a`nb`rc`td"; Shown = 'a\nb\rc\td' }
        @{ What = 'a mark that turns the direction'; Raw = "a`u{202e}txt.exe`u{2069}"; Shown = 'a\u202etxt.exe\u2069' }
        @{ What = 'C1 controls and backspaces'; Raw = "a`u{9b}31m`u{85}`b`u{7f}"; Shown = 'a\x9b31m\x85\x08\x7f' }
        @{ What = 'what is not seen'; Raw = "a`u{200b}b`u{feff}c"; Shown = 'a\u200bb\ufeffc' }
        @{ What = 'what has no shape'; Raw = "a`u{2800}b`u{3164}c`u{fe0f}d`u{34f}e`u{a0}f"; Shown = 'a\u2800b\u3164c\ufe0fd\u034fe\xa0f' }
        @{ What = 'tags'; Raw = "a`u{e0041}b"; Shown = 'a\udb40\udc41b' }
    )
}

Describe 'What others chose' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText' # the views' own colours are no harm

        # Nothing that a terminal would obey or hide, but line ends.
        function Test-Harmless([string] $Text) {
            foreach ($rune in $Text.Replace("`r`n", "`n").Replace("`n", '').EnumerateRunes()) {
                if ([Text.Rune]::GetUnicodeCategory($rune) -in 'Control', 'Format', 'LineSeparator', 'ParagraphSeparator', 'Surrogate', 'PrivateUse', 'OtherNotAssigned' -or
                    $rune.Value -in 0x2800, 0x3164, 0xfe0f, 0x34f, 0xa0) {
                    return $false
                }
            }
            $true
        }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Remove-Item -Recurse -Force $folder
    }

    It 'in an execution: <What>' -ForEach $hostile {
        $program = New-Program $folder "p$(Get-Random)$Raw" # in the path, the name and the folder
        $inside = Join-Path $folder "d$Raw"
        $null = [IO.Directory]::CreateDirectory($inside)
        $e = Watch-Stream "Get-ExecEvent -ProcessId $PID -IncludeChildren -MaxEvents 1" {
            $start = [Diagnostics.ProcessStartInfo]::new($program.Path, [string[]]@($Raw, "x $Raw"))
            $start.WorkingDirectory = $inside
            [Diagnostics.Process]::Start($start).WaitForExit()
        }
        $e.FileName | Should -BeExactly $program.Path
        $e.Argument | Should -BeExactly @('/bin/sh', $program.Path, $Raw, "x $Raw")
        $e.WorkingDirectory | Should -BeExactly $inside
        $e.CommandLine.Contains($Raw) | Should -BeTrue
        ($e | ConvertTo-Json -Depth 2 | ConvertFrom-Json).Argument | Should -BeExactly $e.Argument

        foreach ($view in 'default', 'table', 'list', 'wrapped') {
            $text = switch ($view) {
                default { $e | Out-String -Width 1000 }
                table { $e | Format-Table | Out-String -Width 1000 }
                list { $e | Format-List | Out-String -Width 10000 }
                wrapped { $e | Format-Table -Wrap | Out-String -Width 120 }
            }
            Test-Harmless $text | Should -BeTrue -Because "the $view view is printed to a terminal"
            if ($view -ne 'wrapped') { $text.Contains($Shown) | Should -BeTrue -Because "the $view view shows it" }
        }
        # One event, one row: a header, a line beneath it, the row.
        @(($e | Format-Table | Out-String -Width 1000).Trim() -split "`n").Count | Should -Be 3
    }

    It 'in a deletion: <What>' -ForEach $hostile {
        $file = Join-Path $folder "f$Raw"
        [IO.File]::WriteAllText($file, '')
        $e = Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -MaxEvents 1" { [IO.File]::Delete($file) }
        $e.Path | Should -BeExactly $file
        ($e | ConvertTo-Json -Depth 2 | ConvertFrom-Json).Path | Should -BeExactly $file
        foreach ($text in ($e | Out-String -Width 1000), ($e | Format-Table | Out-String -Width 1000), ($e | Format-List | Out-String -Width 1000)) {
            Test-Harmless $text | Should -BeTrue
            $text.Contains($Shown) | Should -BeTrue
        }
    }

    It 'in a process''s name, of an event and of a completion' {
        $raw = "a`e[31m`n`u{202e}"
        $file = Join-Path $folder 'named'
        [IO.File]::WriteAllText($file, '')
        $e = Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -IncludeChildren -MaxEvents 1" {
            # The shell names itself, and its own child keeps the name until it becomes another program: so perl or python
            # would do, and so does a rename by the shell's exec of a program of that name.
            Copy-Item (Get-Command rm -CommandType Application -TotalCount 1).Source "$folder/$raw"
            chmod 755 "$folder/$raw"
            & "$folder/$raw" $file
        }
        $e.Name | Should -BeExactly $raw
        foreach ($text in ($e | Out-String -Width 1000), ($e | Format-List | Out-String -Width 1000)) {
            Test-Harmless $text | Should -BeTrue
            $text.Contains('a\e[31m\n\u202e') | Should -BeTrue
        }
    }

    It 'in bytes that are no UTF-8' {
        $e = Watch-Stream "Get-ExecEvent -ProcessId $PID -IncludeChildren -Name printed -MaxEvents 1" {
            $program = New-Program $folder printed
            sh -c "exec '$($program.Path)' `"`$(printf 'a\377b\303')`""
        }
        $e.Argument[2] | Should -BeExactly "a`u{fffd}b`u{fffd}"
    }

    It 'in the error that a file''s name is in: <What>' -ForEach $hostile {
        $file = Join-Path $folder "o$Raw.bpf.o"
        [IO.File]::WriteAllText($file, 'no object')
        $problem = try { Start-EbpfProbe $file } catch { $_ }
        $problem.Exception.Message.Contains($Raw) | Should -BeTrue
        $text = $problem | Out-String -Width 1000
        Test-Harmless $text | Should -BeTrue
        $text.Contains($Shown) | Should -BeTrue
    }
}
