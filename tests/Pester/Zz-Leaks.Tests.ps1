# The last file: the machine and this process are as they were before the first.
Describe 'The suite' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
    }

    It 'leaves nothing in the kernel and no descriptor' {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
        [GC]::Collect()
        [GC]::WaitForPendingFinalizers()
        Get-LeftBehind $EbeeBefore | Should -BeNullOrEmpty
        [Ebee.Tests.Support.BpfInventory]::OwnDescriptors() | Should -Be 0
        [Ebee.Tests.Support.BpfInventory]::OwnMappings() | Should -Be 0
    }

    It 'leaves no file' {
        Get-ChildItem /var/tmp -Filter "ebee-pester-$PID-*" | Should -BeNullOrEmpty
    }
}
