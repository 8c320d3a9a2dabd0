# Get-FileDeleteEvent as users type it. What it shares with Get-ExecEvent is tested there; the kernel side, by the
# library's own tests.
Describe 'Get-FileDeleteEvent' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder

        function New-File([string] $Name) {
            $path = Join-Path $folder $Name
            [IO.File]::WriteAllText($path, '')
            $path
        }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    Context 'What it writes' {
        It 'is one typed object for each deletion' {
            $file = New-File 'a file'
            $null = New-Item -ItemType Directory "$folder/dir"
            $null = New-File from
            $to = New-File to
            $inode = [ulong](stat -c %i $file)
            $events = @(Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -IncludeChildren -MaxEvents 3" {
                    rm $file
                    rmdir "$folder/dir"
                    mv "$folder/from" "$folder/to"
                })
            $events | Should -BeOfType ([Ebee.Tracers.FileDeleteEvent])
            $events.Path | Should -Be $file, "$folder/dir", $to
            $events.Operation | Should -Be Unlink, RemoveDirectory, RenameOver
            $events[0].Operation | Should -BeOfType ([Ebee.Tracers.FileDeleteOperation])
            $events.Name | Should -Be rm, rmdir, mv
            $events.ParentProcessId | Should -Be $PID, $PID, $PID
            $events.UserName | Should -Be root, root, root
            if ($events[0].PathResolved) { $events[0].Inode | Should -Be $inode }
        }

        It 'has the properties that the documents name, of types that travel' {
            $types = [ordered]@{}
            [Ebee.Tracers.FileDeleteEvent].GetProperties() | ForEach-Object {
                $types[$_.Name] = ([Nullable]::GetUnderlyingType($_.PropertyType) ?? $_.PropertyType).Name
            }
            $expected = [ordered]@{
                Time = 'DateTimeOffset'; ProcessId = 'Int32'; ThreadId = 'Int32'; ParentProcessId = 'Int32'; HostProcessId = 'Int32'
                Name = 'String'; UserId = 'UInt32'; UserName = 'String'; CgroupId = 'UInt64'; CgroupPath = 'String'
                ContainerId = 'String'; ContainerEvidence = 'ContainerEvidence'; SystemdUnit = 'String'; MountNamespace = 'UInt32'; Operation = 'FileDeleteOperation'
                Path = 'String'; PathResolved = 'Boolean'; Inode = 'UInt64'; Device = 'String'; Error = 'String'; Truncated = 'Boolean'
            }
            ($types | ConvertTo-Json) | Should -Be ($expected | ConvertTo-Json)
        }

        It 'goes through ConvertTo-Json -Depth 2, with the operation by name, and Export-Csv' {
            $file = New-File "a`e[0m`n`u{202e}ü"
            $e = Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -MaxEvents 1" { [IO.File]::Delete($file) }
            $json = $e | ConvertTo-Json -Depth 2 -EnumsAsStrings -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -BeNullOrEmpty
            $json | Should -Not -Match "`e"
            $back = $json | ConvertFrom-Json
            $back.PSObject.Properties.Name | Should -Be $e.PSObject.Properties.Name
            $back.Path | Should -Be $file
            $back.Operation | Should -Be Unlink
            $e | Export-Csv "$folder/events.csv"
            $row = Import-Csv "$folder/events.csv"
            $row.Path | Should -Be $file
            $row.Operation | Should -Be Unlink
            $row.Device | Should -Be $e.Device
        }

        It 'is what OutputType says' {
            (Get-Command Get-FileDeleteEvent).OutputType.Type | Should -Be ([Ebee.Tracers.FileDeleteEvent])
        }
    }

    Context 'Its parameters' {
        It '-MaxEvents, and the rest is left' {
            $files = 1..5 | ForEach-Object { New-File "m$_" }
            @(Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -MaxEvents 2" { $files | ForEach-Object { [IO.File]::Delete($_) } }).Path | Should -Be $files[0..1]
        }

        It '-Duration, and what was caught is handed out' {
            $files = 1..5 | ForEach-Object { New-File "d$_" }
            @(Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -Duration 1s | ForEach-Object { Start-Sleep -Milliseconds 300; `$_ }" {
                    $files | ForEach-Object { [IO.File]::Delete($_) }
                }).Path | Should -Be $files
        }

        It '-Name, -UserName and -ExcludeProcessId' {
            function Watch-Deletions([string] $Filter) {
                $one = New-File one
                $two = New-File two
                $three = New-File three
                chmod 777 $folder
                $events = @(Watch-Stream "Get-FileDeleteEvent $Filter -Duration 400ms" {
                        rm $one
                        unlink $two
                        setpriv --reuid 65534 --regid 65534 --clear-groups rm -f $three
                    })
                chmod 755 $folder
                $events | ForEach-Object Path | Where-Object { $_ -in $one, $two, $three } | Split-Path -Leaf
            }
            Watch-Deletions "-ProcessId $PID -IncludeChildren -Name rm" | Should -Be one, three
            Watch-Deletions "-ProcessId $PID -IncludeChildren -Name unlink, rm" | Should -Be one, two, three
            Watch-Deletions '-UserName nobody' | Should -Be three
            Watch-Deletions "-ExcludeProcessId $PID" | Should -BeNullOrEmpty
            Watch-Deletions "-ProcessId $PID" | Should -BeNullOrEmpty
        }

        It '-IncludeFailed adds the failed ones' {
            $missing = "$folder/missing"
            $full = Split-Path (New-Item -ItemType File -Force "$folder/full/x")
            $events = @(Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -IncludeChildren -IncludeFailed -Duration 400ms" {
                    unlink $missing 2>$null
                    rmdir $full 2>$null
                })
            $events.Path | Should -Be $missing, $full
            $events.Error | Should -Be ENOENT, ENOTEMPTY
            $events.Operation | Should -Be Unlink, RemoveDirectory
            Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -IncludeChildren -Duration 400ms" { unlink $missing 2>$null } | Should -BeNullOrEmpty
        }

        It 'are those of Get-ExecEvent' {
            (Get-Command Get-FileDeleteEvent).Parameters.Keys | Sort-Object | Should -Be ((Get-Command Get-ExecEvent).Parameters.Keys | Sort-Object)
        }
    }

    Context 'Errors' {
        It 'has the id <Id> for <Arguments>' -ForEach @(
            @{ Arguments = '-UserName no-such-user'; Id = 'EbpfUserNotFound' }
            @{ Arguments = '-ProcessId 2147483647'; Id = 'EbpfProcessNotFound' }
            @{ Arguments = '-CgroupPath /no/such'; Id = 'EbpfCgroupNotFound' }
            @{ Arguments = '-ContainerId ffffffffffff'; Id = 'EbpfContainerNotFound' }
        ) {
            $record = $null
            try { Invoke-Expression "Get-FileDeleteEvent $Arguments" } catch { $record = $_ }
            $record.FullyQualifiedErrorId | Should -Be "$Id,Ebee.PowerShell.Commands.GetFileDeleteEventCommand"
            $record.CategoryInfo.Category | Should -Be ObjectNotFound
            $record.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
    }
}
