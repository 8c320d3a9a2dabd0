# What Tab offers.
Describe 'Completion' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1

        function Get-Completion([string] $Line) {
            (TabExpansion2 -inputScript $Line -cursorColumn $Line.Length).CompletionMatches
        }

        # A process of that name, until its input ends.
        function Start-Named([string] $Name) {
            $start = [Diagnostics.ProcessStartInfo]::new('sh', [string[]]@('-c', 'printf %s "$1" >/proc/self/comm; echo; read -r line', 'sh', $Name))
            $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
            $process = [Diagnostics.Process]::Start($start)
            $null = $process.StandardOutput.ReadLine()
            $process
        }

        # What a line with the completion in it hands to the parameter.
        function Read-Argument([string] $Completion) {
            $tokens = $errors = $null
            $script = [Management.Automation.Language.Parser]::ParseInput("Get-ExecEvent -Name $Completion", [ref]$tokens, [ref]$errors)
            $errors | Should -BeNullOrEmpty
            $script.EndBlock.Statements.Count | Should -Be 1
            $elements = $script.EndBlock.Statements[0].PipelineElements
            $elements.Count | Should -Be 1
            $elements[0].CommandElements.Count | Should -Be 3
            $elements[0].CommandElements[2] | Should -BeOfType ([Management.Automation.Language.ConstantExpressionAst])
            $argument = $elements[0].CommandElements[2]
            # A number goes to a parameter of strings as it is written.
            $argument -is [Management.Automation.Language.StringConstantExpressionAst] ? $argument.Value : $argument.Extent.Text
        }
    }

    Context 'of <_>' -ForEach 'Get-ExecEvent', 'Get-FileDeleteEvent' {
        BeforeAll { $cmdlet = $_ }

        It '-UserName are the users of the machine' {
            $matches_ = Get-Completion "$cmdlet -UserName "
            $matches_.CompletionText | Should -Contain root
            $matches_.CompletionText | Should -Contain nobody
            (Get-Completion "$cmdlet -UserName roo").CompletionText | Should -Contain root
            (Get-Completion "$cmdlet -UserName roo").CompletionText | Should -Not -Contain nobody
            ($matches_ | Where-Object CompletionText -eq root)[0].ToolTip | Should -Match '^0\b'
            (Get-Completion "$cmdlet -UserName root, nob").CompletionText | Should -Be nobody
        }

        It '-Name are the names of running processes' {
            $process = Start-Named 'some-name-here'
            try {
                (Get-Completion "$cmdlet -Name some-na").CompletionText | Should -Be some-name-here
                (Get-Completion "$cmdlet some-na").CompletionText | Should -Be some-name-here
                (Get-Completion "$cmdlet -Name other, SOME-NA").CompletionText | Should -Be some-name-here
                (Get-Completion "$cmdlet -Name 'some-na").CompletionText | Should -Match '^''?some-name-here''?$'
            }
            finally { $process.StandardInput.Close(); $process.WaitForExit() }
        }

        It '-<_> are running processes, with the command line as the tool tip' -ForEach 'ProcessId', 'ExcludeProcessId', 'Id' {
            $process = Start-Named 'x'
            try {
                $match = Get-Completion "$cmdlet -$_ $($process.Id)" | Where-Object CompletionText -eq "$($process.Id)"
                $match | Should -Not -BeNullOrEmpty
                $match.ListItemText | Should -Be "$($process.Id) (x)"
                $match.ToolTip | Should -Match '^sh -c .*sh x$'
                (Get-Completion "$cmdlet -$_ ").CompletionText | Should -Contain "$PID"
            }
            finally { $process.StandardInput.Close(); $process.WaitForExit() }
        }

        It '-CgroupPath and -ContainerId are those there are' {
            $id = 'dd' + [guid]::NewGuid().ToString('n') + [guid]::NewGuid().ToString('n').Substring(2)
            $mount = Get-Content /proc/self/mounts | Where-Object { $_.Split(' ')[2] -eq 'cgroup2' } | Select-Object -First 1
            if (-not $mount) { Set-ItResult -Skipped -Because 'needs cgroup v2 mounted' }
            $own = (Get-Content /proc/self/cgroup | Where-Object { $_ -like '0::*' }).Substring(3).TrimEnd('/')
            $cgroup = "$($mount.Split(' ')[1])$own/$id"
            try { [void][IO.Directory]::CreateDirectory($cgroup) }
            catch { Set-ItResult -Skipped -Because "needs a cgroup hierarchy that can be written to ($_)" }
            try {
                (Get-Completion "$cmdlet -CgroupPath $own/dd").CompletionText | Should -Contain "$own/$id"
                (Get-Completion "$cmdlet -ContainerId $($id.Substring(0, 8))").CompletionText | Should -Be $id
            }
            finally { [IO.Directory]::Delete($cgroup) }
        }
    }

    It 'can be typed as it is, and is harmless: <What>' -ForEach @(
        @{ What = 'a space'; Name = 'two words' }
        @{ What = 'a quote'; Name = "it's" }
        @{ What = 'a typographic quote, which ends a string too'; Name = "it`u{2019}s" }
        @{ What = 'a command behind a typographic quote'; Name = "x`u{2018};date#" }
        @{ What = 'a command behind a line break'; Name = "x`ndate" }
        @{ What = 'a variable'; Name = '$HOME' }
        @{ What = 'an expression'; Name = '$(date)' }
        @{ What = 'a dash first'; Name = '-Verbose' }
        @{ What = 'a typographic dash first'; Name = "`u{2013}Verbose" }
        @{ What = 'a comma'; Name = 'a,b' }
        @{ What = 'a semicolon'; Name = 'a;b' }
        @{ What = 'a redirection'; Name = 'a>b' }
        @{ What = 'a comment'; Name = '#x' }
        @{ What = 'an at sign'; Name = '@x' }
        @{ What = 'a number, which keeps its form'; Name = '0x10' }
        @{ What = 'a backtick'; Name = 'a`nb' }
        @{ What = 'brackets'; Name = 'kworker/[0]' }
        @{ What = 'an escape sequence'; Name = "x`e[31m" }
    ) {
        $process = Start-Named $Name
        try {
            $completion = Get-Completion 'Get-ExecEvent -Name ' | Where-Object { $_.CompletionText.Contains($Name) -or $_.CompletionText.Contains($Name.Replace("'", "''")) -or
                $_.ListItemText -eq [Ebee.Events.TerminalText]::Escape($Name) } | Select-Object -First 1
            if (-not $completion -and $Name -match '\p{C}') { return } # not offered is harmless too
            $completion | Should -Not -BeNullOrEmpty
            Read-Argument $completion.CompletionText | Should -BeExactly $Name
            # A menu prints these.
            $completion.ListItemText | Should -Not -Match '\p{C}'
            $completion.ToolTip | Should -Not -Match '\p{C}'
        }
        finally { $process.StandardInput.Close(); $process.WaitForExit() }
    }
}
