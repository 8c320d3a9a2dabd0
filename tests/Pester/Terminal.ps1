# A PowerShell at a terminal, as a user has it. For BeforeAll, after Common.ps1.

# Starts it, with its home in the folder given, and waits for its prompt.
function Start-Terminal([string] $Folder) {
    $pwsh = (Get-Process -Id $PID).Path
    $start = [Diagnostics.ProcessStartInfo]::new('script', [string[]]@('-qfec', "stty rows 40 cols 118; exec '$pwsh' -NoProfile -NoLogo", '/dev/null'))
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $start.Environment['HOME'] = $Folder
    $start.Environment['TERM'] = 'xterm-256color'
    $null = $start.Environment.Remove('NO_COLOR')
    $process = [Diagnostics.Process]::Start($start)
    $terminal = [pscustomobject]@{
        Process = $process
        Text    = [Text.StringBuilder]::new()
        Buffer  = [byte[]]::new(65536)
        Read    = $null
    }
    $terminal.Read = $process.StandardOutput.BaseStream.ReadAsync($terminal.Buffer, 0, $terminal.Buffer.Length)
    Wait-Terminal $terminal 'PS [^\r\n]*> ' 60
    # The prompt is not what is typed, which the terminal shows too.
    Send-Terminal $terminal "function prompt { 'READ' + 'Y>' }; Import-Module '$ModulePath'`r"
    Wait-Terminal $terminal 'READY>' 60
    $terminal
}

function Send-Terminal($Terminal, [string] $Keys) {
    $null = $Terminal.Text.Clear()
    $Terminal.Process.StandardInput.Write($Keys)
    $Terminal.Process.StandardInput.Flush()
}

# Reads until the text since the last Send-Terminal matches; fails when it does not in time.
function Wait-Terminal($Terminal, [string] $Pattern, [double] $Seconds) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    while ($Terminal.Text.ToString() -notmatch $Pattern) {
        if ($watch.Elapsed.TotalSeconds -gt $Seconds * $Slowness) {
            throw "The terminal did not show '$Pattern' within $($Seconds * $Slowness) s, but: $($Terminal.Text -replace "`e", '\e')"
        }
        if (-not $Terminal.Read.Wait(5)) { continue }
        $count = $Terminal.Read.Result
        if ($count -eq 0) { throw "The terminal ended: $($Terminal.Text)" }
        $text = [Text.Encoding]::UTF8.GetString($Terminal.Buffer, 0, $count)
        $null = $Terminal.Text.Append($text)
        if ($text.Contains("`e[6n")) {
            # It asks where the cursor is, and waits for the answer.
            $Terminal.Process.StandardInput.Write("`e[1;1R")
            $Terminal.Process.StandardInput.Flush()
        }
        $Terminal.Read = $Terminal.Process.StandardOutput.BaseStream.ReadAsync($Terminal.Buffer, 0, $Terminal.Buffer.Length)
    }
}

function Stop-Terminal($Terminal) {
    if (-not $Terminal.Process.HasExited) {
        $Terminal.Process.Kill($true)
        $Terminal.Process.WaitForExit()
    }
    $Terminal.Process.Dispose()
}
