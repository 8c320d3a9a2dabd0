# Reflects over the module as it was built: what holds for every cmdlet, also for those that come later. No list of
# cmdlets is kept here.
BeforeDiscovery {
    $repository = (Resolve-Path "$PSScriptRoot/../..").Path
    $module = Import-Module "$repository/out/Ebee/Ebee.psd1" -PassThru
    $cmdlets = $module.ExportedCmdlets.Values | Sort-Object Name | ForEach-Object { @{ Name = $_.Name; Cmdlet = $_ } }
    $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
    $parameters = foreach ($entry in $cmdlets) {
        foreach ($parameter in $entry.Cmdlet.Parameters.Values | Where-Object Name -notin $common) {
            @{ Name = $entry.Name; Parameter = $parameter.Name; Metadata = $parameter }
        }
    }
    $formatFiles = Get-ChildItem "$repository/out/Ebee/Formatting/*.format.ps1xml" -Name
    $outputs = $cmdlets.Cmdlet.OutputType.Type | Where-Object { $_.FullName -like 'Ebee.*' } | Sort-Object FullName -Unique |
        ForEach-Object { @{ Type = $_; TypeName = $_.FullName } }
}

Describe 'The module' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $manifest = Import-PowerShellDataFile "$Repository/Ebee.psd1"
        $assembly = (Get-Command Get-ExecEvent).ImplementingType.Assembly
    }

    It 'exports what its manifest says, which is what the assembly has' {
        $classes = $assembly.GetExportedTypes() | Where-Object { $_.IsSubclassOf([Management.Automation.Cmdlet]) -and -not $_.IsAbstract }
        $names = $classes | ForEach-Object {
            $attribute = $_.GetCustomAttributes([Management.Automation.CmdletAttribute], $false)[0]
            "$($attribute.VerbName)-$($attribute.NounName)"
        } | Sort-Object
        (Get-Module Ebee).ExportedCmdlets.Keys | Sort-Object | Should -Be $names
        $manifest.CmdletsToExport | Sort-Object | Should -Be $names
        (Get-Module Ebee).ExportedFunctions.Count | Should -Be 0
        (Get-Module Ebee).ExportedAliases.Count | Should -Be 0
        (Get-Module Ebee).ExportedVariables.Count | Should -Be 0
        foreach ($list in 'CmdletsToExport', 'FunctionsToExport', 'AliasesToExport', 'VariablesToExport') {
            "$($manifest[$list])" | Should -Not -Match '\*' # a wildcard makes every import slow
        }
    }

    It 'has a manifest that PowerShell takes, here and in the root, with one version' {
        $built = Test-ModuleManifest $ModulePath
        $root = Test-ModuleManifest "$Repository/Ebee.psd1"
        $built.Version | Should -Be $root.Version
        $built.Guid | Should -Be $root.Guid
        $properties = [xml](Get-Content -Raw "$Repository/Directory.Build.props")
        "$($built.Version)" | Should -Be "$($properties.Project.PropertyGroup.Version)"
        $assembly.GetName().Version.ToString(3) | Should -Be "$($built.Version)"
        foreach ($text in $root.Description, $root.Author, $root.Copyright, $root.CompanyName) { $text | Should -Not -BeNullOrEmpty }
        $root.RootModule | Should -Match '\.dll$'
    }

    It 'loads every file of formats and types that it has, and no other' {
        $files = Get-ChildItem "$Repository/out/Ebee/Formatting" -Name
        $files | Where-Object { $_ -like '*.format.ps1xml' } | Should -Be ($manifest.FormatsToProcess | Split-Path -Leaf)
        @($files | Where-Object { $_ -like '*.types.ps1xml' }) | Should -Be @($manifest['TypesToProcess'] | Where-Object { $_ } | Split-Path -Leaf)
    }

    It 'imports in a fresh PowerShell without a warning' {
        $said = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command "Import-Module '$ModulePath' -WarningAction Continue *>&1; 'done'"
        $said | Should -Be done
    }

    It 'brings no assembly that PowerShell has in another version' {
        Get-ChildItem "$Repository/out/Ebee" -Filter *.dll -Name | Should -Be 'Ebee.dll', 'Ebee.PowerShell.dll'
    }

    It 'names the columns of every table as properties, so that what is seen can be filtered by: <_>' -ForEach $formatFiles {
        $views = ([xml](Get-Content -Raw "$Repository/out/Ebee/Formatting/$_")).Configuration.ViewDefinitions.View
        $tables = @($views | Where-Object { $_.SelectSingleNode('TableControl') })
        $tables | Should -Not -BeNullOrEmpty
        foreach ($table in $tables) {
            $type = [Ebee.EbpfException].Assembly.GetType($table.ViewSelectedBy.TypeName, $true)
            if ($type.IsAbstract) { continue } # the classes made of C structs have columns of their own
            $properties = $type.GetProperties().Name
            $labels = $table.SelectNodes('TableControl/TableHeaders/TableColumnHeader') | ForEach-Object Label
            @($labels | Where-Object { $_ -cnotin $properties }) | Should -BeNullOrEmpty
            @($labels | Select-Object -Unique).Count | Should -Be $labels.Count
        }
    }

    It 'says that a unit must not deny write and execute, with which .NET does not start' {
        Get-Content -Raw "$Repository/out/Ebee/en-US/about_Ebee_Privileges.help.txt" | Should -Match 'MemoryDenyWriteExecute'
    }

    It 'explains itself in <_>' -ForEach 'about_Ebee', 'about_Ebee_Events', 'about_Ebee_Privileges' {
        $path = "$Repository/out/Ebee/en-US/$_.help.txt"
        if (-not (Test-Path "$Repository/docs/help/en-US")) { Set-ItResult -Skipped -Because 'there is no help yet' }
        $path | Should -Exist
        $text = Get-Content -Raw $path
        $text | Should -Match "(?m)^TOPIC\s+$_\s"
        $text | Should -Match '(?m)^SHORT DESCRIPTION'
        $text | Should -Match '(?m)^LONG DESCRIPTION'
        $text | Should -Not -Match '\{\{|TODO|FIXME|Fill '
        $text.Length | Should -BeGreaterThan 1000
        $shown = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command "Import-Module '$ModulePath'; Get-Help $_"
        "$shown" | Should -Match 'LONG DESCRIPTION'
    }

    It 'explains every property of every event in about_Ebee_Events' {
        $path = "$Repository/docs/help/en-US/about_Ebee_Events.help.txt"
        if (-not (Test-Path $path)) { Set-ItResult -Skipped -Because 'there is no help yet' }
        $text = Get-Content -Raw $path
        # Objects that are no events are explained where their cmdlet is.
        foreach ($type in (Get-Module Ebee).ExportedCmdlets.Values.OutputType.Type | Where-Object Name -like '*Event') {
            foreach ($property in $type.GetProperties().Name) { $text | Should -Match "(?m)^    $property \(" }
        }
    }
}

Describe 'The cmdlet <Name>' -ForEach $cmdlets {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $verb, $noun = $Name.Split('-')
    }

    It 'has an approved verb' {
        (Get-Verb).Verb | Should -Contain $verb
    }

    It 'has a singular noun of the project''s form' {
        $noun | Should -Not -Match '([^aious]s|ies)$'
        $noun | Should -Match '^(Ebpf[A-Z]\w+|[A-Z]\w+Event)$'
        if ($noun -notlike 'Ebpf*') { $verb | Should -Be Get }
    }

    It 'is a class by its name, sealed or for that made, in the namespace of commands' {
        $Cmdlet.ImplementingType.FullName | Should -Be "Ebee.PowerShell.Commands.$verb${noun}Command"
        $Cmdlet.ImplementingType.IsSealed | Should -BeTrue
    }

    It 'says what it writes: a sealed class with flat properties' {
        $Cmdlet.OutputType.Count | Should -BeGreaterThan 0
        foreach ($type in $Cmdlet.OutputType.Type | Where-Object { $_.FullName -like 'Ebee.*' }) {
            $type.IsSealed -or $type.IsAbstract | Should -BeTrue # abstract: classes made of C structs at run time are of it
            foreach ($property in $type.GetProperties()) {
                $plain = [Nullable]::GetUnderlyingType($property.PropertyType) ?? $property.PropertyType
                # A table of parts, such as the fields of a tracepoint: -Depth 2 of ConvertTo-Json reaches them.
                if ($plain.IsArray -and $plain.GetElementType().FullName -like 'Ebee.*') {
                    foreach ($part in $plain.GetElementType().GetProperties()) {
                        $part.PropertyType.IsPrimitive -or $part.PropertyType.IsEnum -or $part.PropertyType -eq [string] |
                            Should -BeTrue -Because "$($property.Name).$($part.Name) is a $($part.PropertyType)"
                        $part.CanWrite | Should -BeFalse
                    }
                    continue
                }
                # A probe is what the others are asked of, not a row of a report.
                if ($type -eq [Ebee.Programs.EbpfProbe] -and $property.Name -in 'Programs', 'Maps') { continue }
                # What is in a map is of the C type that its source declares: a number, text, or a struct of such.
                if ($type -eq [Ebee.Maps.EbpfMapEntry] -and $plain -in [object], [object[]]) { continue }
                $plain.IsPrimitive -or $plain.IsEnum -or $plain -in [string], [string[]], [int[]], [uint[]], [byte[]], [DateTimeOffset] |
                    Should -BeTrue -Because "$($property.Name) is a $plain"
                $property.GetSetMethod() | Should -BeNullOrEmpty # a public one
                $property.Name | Should -Not -MatchExactly '(^|[a-z])(Pid|Uid|Gid|Tid|Comm|Ppid)$' # ProcessId, UserId, Name…
                $property.Name | Should -Not -MatchExactly '(Duration|Latency|(?<!^Key|^Value)Size)$' # a unit in the name: DurationMs; but a map's sizes have eBPF's names
            }
        }
    }

    It 'asks before it changes the system' {
        $changes = $verb -in 'Start', 'Stop', 'New', 'Set', 'Remove', 'Add', 'Clear', 'Enable', 'Disable', 'Register', 'Unregister',
            'Install', 'Uninstall', 'Update', 'Write', 'Reset', 'Mount', 'Dismount', 'Invoke', 'Suspend', 'Resume', 'Import', 'Export', 'Save'
        $attribute = $Cmdlet.ImplementingType.GetCustomAttributes([Management.Automation.CmdletAttribute], $true)[0]
        $attribute.SupportsShouldProcess | Should -Be $changes
        if ($changes) { $Cmdlet.Parameters.Keys | Should -Contain WhatIf }
    }

    It 'can be disposed of, which is all that PowerShell promises' {
        if ($noun -notlike '*Event') { return }
        [IDisposable].IsAssignableFrom($Cmdlet.ImplementingType) | Should -BeTrue
    }

    It 'gives the names that mean the same everywhere the same types' {
        $types = @{
            ProcessId = [int[]]; ExcludeProcessId = [int[]]; Name = [string[]]; UserName = [string[]]; CgroupPath = [string[]]; ContainerId = [string[]]
            IncludeChildren = [switch]; IncludeFailed = [switch]; MaxEvents = [long]; Duration = [timespan]; BufferSize = [long]
        }
        # Filters take several; a probe is attached to one.
        if ($Cmdlet.Name -eq 'Start-EbpfProbe') { $types.ProcessId = [int]; $types.CgroupPath = [string] }
        foreach ($key in $types.Keys | Where-Object { $Cmdlet.Parameters.ContainsKey($_) }) {
            $Cmdlet.Parameters[$key].ParameterType | Should -Be $types[$key]
        }
        if ($noun -match 'Event$' -and $noun -notlike 'Ebpf*') {
            foreach ($key in $types.Keys) { $Cmdlet.Parameters.Keys | Should -Contain $key }
        }
    }

    It 'has help that is complete' {
        $file = "$Repository/docs/help/$Name.md"
        if (-not (Test-Path $file)) { Set-ItResult -Skipped -Because 'there is no help yet' }
        Set-StrictMode -Off # of the help, parts may be missing
        $help = Get-Help $Name -Full
        $help.Name | Should -Be $Name
        $help.Synopsis.Trim() | Should -Not -Match "^$Name|^$" # what PowerShell makes up where there is none
        "$($help.description.Text)".Length | Should -BeGreaterThan 200
        @($help.examples.example).Count | Should -BeGreaterOrEqual 3
        foreach ($example in $help.examples.example) {
            $example.code.Trim() | Should -Not -BeNullOrEmpty
            $example.code | Should -Match ([regex]::Escape($Name))
            "$($example.introduction.Text)$($example.remarks.Text)".Trim() | Should -Not -BeNullOrEmpty
        }
        "$($help.returnValues.returnValue.type.name)" | Should -Match ([regex]::Escape($Cmdlet.OutputType[0].Name))
        @($help.relatedLinks.navigationLink).Count | Should -BeGreaterThan 0
        $text = Get-Content -Raw $file
        $text | Should -Not -Match '\{\{|TODO|FIXME|Fill in|lorem'
        ($help | Out-String -Width 200) | Should -Not -Match '\{\{'
    }
}

Describe 'The parameter <Name> -<Parameter>' -ForEach $parameters {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
    }

    It 'completes what can be listed' {
        $listable = $Metadata.Name -in 'ProcessId', 'ExcludeProcessId', 'Name', 'UserName', 'CgroupPath', 'ContainerId', 'Program', 'Map', 'Link', 'Hook'
        $completes = $Metadata.ParameterType.IsEnum -or @($Metadata.Attributes | Where-Object {
                $_ -is [Management.Automation.ArgumentCompleterAttribute] -or $_ -is [Management.Automation.ValidateSetAttribute]
            }).Count -gt 0
        $isObject = $Metadata.ParameterType.IsArray -and $Metadata.ParameterType.GetElementType().FullName -like 'Ebee.*'
        if ($listable -and -not $isObject) { $completes | Should -BeTrue }
    }

    It 'is described in the help, as it is' {
        if (-not (Test-Path "$Repository/docs/help/$Name.md")) { Set-ItResult -Skipped -Because 'there is no help yet' }
        Set-StrictMode -Off # of the help, parts may be missing
        $help = Get-Help $Name -Parameter $Parameter
        $text = "$($help.description.Text)".Trim()
        $text.Length | Should -BeGreaterThan 20
        $text | Should -Not -Match '\{\{|Fill '
        $attribute = $Metadata.Attributes | Where-Object { $_ -is [Management.Automation.ParameterAttribute] } | Select-Object -First 1
        $help.required | Should -Be "$($attribute.Mandatory)"
        $help.position | Should -Be ($attribute.Position -lt 0 ? 'named' : "$($attribute.Position)")
        $help.pipelineInput | Should -BeLike ($attribute.ValueFromPipeline -or $attribute.ValueFromPipelineByPropertyName ? 'true*' : 'false*')
        if ($Metadata.Aliases.Count) { "$($help.aliases)" | Should -Be ($Metadata.Aliases -join ', ') }
    }
}

Describe 'The view of <TypeName>' -ForEach $outputs {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        # A format file of a module is not among what Get-FormatData finds by default in every version: by the type's name it is.
        $views = (Get-FormatData -TypeName $TypeName).FormatViewDefinition
        $table = $views | Where-Object { $_.Control -is [Management.Automation.TableControl] } | Select-Object -First 1
        $list = $views | Where-Object { $_.Control -is [Management.Automation.ListControl] } | Select-Object -First 1
    }

    It 'is a table first' {
        $views[0].Control | Should -BeOfType ([Management.Automation.TableControl])
    }

    It 'has a width for its first column, else the first row would wait' {
        $table.Control.Headers[0].Width | Should -BeGreaterThan 0
    }

    It 'fits 120 columns: all widths but the last one''s, and enough for that' {
        if ($Type.IsAbstract) { return } # the classes made at run time have columns of their own
        $headers = $table.Control.Headers
        $headers | Select-Object -SkipLast 1 | ForEach-Object { $_.Width | Should -BeGreaterThan 0 }
        $fixed = ($headers | Select-Object -SkipLast 1 | Measure-Object Width -Sum).Sum + $headers.Count - 1
        $fixed + 20 | Should -BeLessOrEqual 120
    }

    It 'shows every property in its list, but what another shows' {
        if (-not $list -or $Type.IsAbstract) { return }
        $labels = $list.Control.Entries[0].Items | ForEach-Object { $_.Label ? $_.Label : $_.DisplayEntry.Value }
        foreach ($property in $Type.GetProperties().Name | Where-Object { $_ -ne 'Argument' }) {
            $labels | Should -Contain $property
        }
    }

    It 'escapes every string that it prints' {
        $strings = $Type.GetProperties() | Where-Object { $_.PropertyType -eq [string] -and $_.Name -notin 'Error', 'Device' } | ForEach-Object Name
        foreach ($entry in @($table.Control.Rows[0].Columns.DisplayEntry) + @($list.Control.Entries[0].Items.DisplayEntry)) {
            if ($entry.ValueType -eq 'Property') { $entry.Value | Should -Not -BeIn $strings }
            elseif ($entry.Value -match '\$_\.(\w+)' -and $Matches[1] -in $strings) { $entry.Value | Should -Match 'TerminalText\]::Escape' }
        }
    }
}

Describe 'The help that PowerShell reads' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'is what the build put beside the module' {
        if (-not (Test-Path "$Repository/docs/help/en-US")) { Set-ItResult -Skipped -Because 'there is no help yet' }
        $written = Get-ChildItem "$Repository/docs/help/en-US" -File
        (Get-ChildItem "$Repository/out/Ebee/en-US" -Name) | Should -Be $written.Name
        foreach ($file in $written) {
            (Get-FileHash "$Repository/out/Ebee/en-US/$($file.Name)").Hash | Should -Be (Get-FileHash $file).Hash
        }
    }

    It 'has a page for each cmdlet, and no other' {
        if (-not (Test-Path "$Repository/docs/help")) { Set-ItResult -Skipped -Because 'there is no help yet' }
        Get-ChildItem "$Repository/docs/help/*-*.md" | ForEach-Object BaseName | Sort-Object | Should -Be ((Get-Module Ebee).ExportedCmdlets.Keys | Sort-Object)
    }

    It 'is made of the pages as they are now' {
        $update = "$Repository/docs/help/update.ps1"
        if (-not (Test-Path $update)) { Set-ItResult -Skipped -Because 'there is no help yet' }
        if (-not (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)) { Set-ItResult -Skipped -Because 'needs the module Microsoft.PowerShell.PlatyPS' }
        Copy-Item -Recurse "$Repository/docs/help" "$folder/help"
        Remove-Item "$folder/help/en-US/*.xml"
        $said = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File "$folder/help/update.ps1" 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 0 -Because $said
        $made = Get-ChildItem "$folder/help/en-US/*.xml"
        $made | Should -Not -BeNullOrEmpty
        foreach ($file in $made) {
            (Get-Content -Raw $file) | Should -BeExactly (Get-Content -Raw "$Repository/docs/help/en-US/$($file.Name)") -Because 'docs/help/update.ps1 was not run after a page was changed'
        }
    }

    It 'has the syntax that the cmdlet <Name> has' -ForEach $cmdlets {
        $file = "$Repository/docs/help/$Name.md"
        if (-not (Test-Path $file)) { Set-ItResult -Skipped -Because 'there is no help yet' }
        $section = [regex]::Match((Get-Content -Raw $file), '(?s)## SYNTAX(.*?)\n## ').Groups[1].Value
        $syntax = [regex]::Matches($section, '(?s)```\s*(.*?)```').ForEach({ $_.Groups[1].Value -replace '\s+', ' ' -replace ' ?\[<CommonParameters>\]' }).Trim()
        $actual = ((Get-Command $Name -Syntax) -split '(?m)^(?=\S)' -replace '\s+', ' ' -replace ' ?\[<CommonParameters>\]').Trim() | Where-Object { $_ }
        $syntax | Sort-Object | Should -Be ($actual | Sort-Object)
    }
}
