#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Microsoft.PowerShell.PlatyPS'; ModuleVersion = '1.0.0' }
<#
.SYNOPSIS
    Makes the help that PowerShell reads (MAML) from the Markdown pages in this folder.
.DESCRIPTION
    Writes en-US/Ebee.PowerShell.dll-Help.xml. The same pages give the same bytes.

    Export-MamlCommandHelp leaves some things to do. It keeps the line breaks of the Markdown, and Get-Help breaks lines
    in the middle of words where the culture is the invariant one (LANG=C.UTF-8); so text is wrapped here to what fits
    80 columns with any indentation. It puts an example's code into the introduction, with the fence, in place of
    the code element. It leaves out default values, and writes a link to an online version where there is none.
.EXAMPLE
    ./docs/help/update.ps1
#>
[CmdletBinding()]
param()

$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

# The width of a screen, less the indentation of a parameter's text.
$width = 80 - 8

# Wraps each paragraph and each item of a list. Fenced code stays as it is.
function Format-Text([string] $Text) {
    $result = [System.Collections.Generic.List[string]]::new()
    $isCode = $false
    $isOpen = $false
    foreach ($line in $Text -split "`r?`n") {
        $isFence = $line.StartsWith('```')
        if ($isFence) {
            $isCode = -not $isCode
        }
        if ($isCode -or $isFence -or -not $line) {
            $result.Add($line)
            $isOpen = $false
            continue
        }
        $isItem = $line.StartsWith('- ')
        $indent = $isItem -or ($isOpen -and $result[-1] -match '^(- |  )') ? '  ' : ''
        foreach ($word in $line.Split(' ', [System.StringSplitOptions]::RemoveEmptyEntries)) {
            if ($isItem) {
                $result.Add($word)
                $isItem = $false
            }
            elseif ($isOpen -and $result[-1].Length + 1 + $word.Length -le $width) {
                $result[-1] += " $word"
            }
            else {
                $result.Add(($isOpen ? $indent : '') + $word)
            }
            $isOpen = $true
        }
    }
    $result -join "`n"
}

$help = Get-ChildItem $PSScriptRoot -Filter *-*.md | Sort-Object Name | ForEach-Object {
    $command = Import-MarkdownCommandHelp -LiteralPath $_.FullName
    $command.Synopsis = Format-Text $command.Synopsis
    $command.Description = Format-Text $command.Description
    $command.Notes = Format-Text $command.Notes
    foreach ($part in @($command.Parameters) + @($command.Inputs) + @($command.Outputs)) {
        $part.Description = Format-Text $part.Description
    }
    foreach ($example in $command.Examples) {
        $example.Remarks = Format-Text $example.Remarks
    }
    $command
}

$folder = Join-Path ([System.IO.Path]::GetTempPath()) ([System.IO.Path]::GetRandomFileName())
try {
    $file = Export-MamlCommandHelp -CommandHelp $help -OutputFolder $folder
    $xml = [xml]::new()
    $xml.Load($file.FullName)
}
finally {
    Remove-Item -LiteralPath $folder -Recurse -ErrorAction Ignore
}

$prefixes = [System.Xml.XmlNamespaceManager]::new($xml.NameTable)
$prefixes.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
$prefixes.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
$prefixes.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')

foreach ($command in $help) {
    $element = $xml.SelectSingleNode("//command:command[command:details/command:name='$($command.Title)']", $prefixes)
    foreach ($parameter in $command.Parameters) {
        $path = "command:parameters/command:parameter[maml:name='$($parameter.Name)']"
        $default = $xml.CreateElement('dev', 'defaultValue', $prefixes.LookupNamespace('dev'))
        $default.InnerText = $parameter.DefaultValue
        $null = $element.SelectSingleNode($path, $prefixes).AppendChild($default)
    }
}

foreach ($example in $xml.SelectNodes('//command:example', $prefixes)) {
    $text = @()
    $introduction = $example.SelectSingleNode('maml:introduction', $prefixes)
    foreach ($paragraph in $introduction.SelectNodes('maml:para', $prefixes)) {
        if ($paragraph.InnerText -match '(?s)^```\w*\n(.*)\n```$') {
            $example.SelectSingleNode('dev:code', $prefixes).InnerText = $Matches[1]
        }
        elseif ($paragraph.InnerText -match '\w') {
            $text += $paragraph.InnerText
        }
    }
    $introduction.RemoveAll()
    $paragraph = $introduction.AppendChild($xml.CreateElement('maml', 'para', $prefixes.LookupNamespace('maml')))
    # Get-Help writes the code right behind the introduction.
    $paragraph.InnerText = ($text -join "`n`n") + "`n`n"
}

# Links lead to other pages of this folder: Get-Help shows their names alone.
foreach ($link in @($xml.SelectNodes('//maml:navigationLink', $prefixes))) {
    $uri = $link.SelectSingleNode('maml:uri', $prefixes)
    if (-not $uri.InnerText) {
        $null = $link.ParentNode.RemoveChild($link)
    }
    elseif ($uri.InnerText -notmatch '^https?:') {
        $uri.InnerText = ''
    }
}

$target = Join-Path $PSScriptRoot 'en-US' 'Ebee.PowerShell.dll-Help.xml'
$null = New-Item -ItemType Directory -Force (Split-Path $target)
$settings = [System.Xml.XmlWriterSettings]@{
    Encoding     = [System.Text.UTF8Encoding]::new($false)
    Indent       = $true
    NewLineChars = "`n"
}
$writer = [System.Xml.XmlWriter]::Create($target, $settings)
try {
    $xml.Save($writer)
    $writer.WriteWhitespace("`n")
}
finally {
    $writer.Dispose()
}
Get-Item -LiteralPath $target
