BeforeDiscovery {
    $noBtf = if (-not (Test-Path /sys/kernel/btf/vmlinux)) { 'needs a kernel with BTF (/sys/kernel/btf/vmlinux)' }
}

Describe 'Export-EbpfTypeHeader' -ForEach @{ NoBtf = $noBtf } {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder
        $header = "$folder/vmlinux.h"
        $file = if (-not $NoBtf) { Export-EbpfTypeHeader $header }
    }
    BeforeEach {
        if ($NoBtf) { Set-ItResult -Skipped -Because $NoBtf }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'writes the file and gives it' {
        $file | Should -BeOfType ([IO.FileInfo])
        $file.FullName | Should -Be $header
        $file.Length | Should -BeGreaterThan 100KB
    }

    It 'writes what bpftool writes, line for line' {
        if (-not (Get-Command bpftool -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'needs bpftool' }
        bpftool btf dump file /sys/kernel/btf/vmlinux format c > "$folder/witness.h"
        $LASTEXITCODE | Should -Be 0
        # bpftool brings a libbpf of its own. Between versions the mode of small enums and empty parameter lists differ.
        $plain = { (Get-Content -Raw $args[0]) -replace ' __attribute__\(\(mode\(\w+\)\)\)' -replace '\(\)', '(void)' }
        (& $plain $header) -ceq (& $plain "$folder/witness.h") | Should -BeTrue
        $names = { [regex]::Matches((Get-Content -Raw $args[0]), '(?m)^(?:struct|union|enum) (\w+) \{').ForEach({ $_.Value }) }
        $expected = & $names "$folder/witness.h"
        $expected.Count | Should -BeGreaterThan 1000
        & $names $header | Should -Be $expected
    }

    It 'writes what clang compiles for eBPF' {
        if (-not (Get-Command clang -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'needs clang' }
        Set-Content "$folder/small.bpf.c" @'
#include "vmlinux.h"
__attribute__((section("tp_btf/sched_process_exit"), used))
int small(unsigned long long *context) { return ((struct task_struct *)context[0])->pid; }
char LICENSE[] __attribute__((section("license"), used)) = "GPL";
'@
        $said = clang -target bpf -O2 -g -c "$folder/small.bpf.c" -o "$folder/small.bpf.o" 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        "$said" | Should -Not -Match 'error'
    }

    It 'writes the types of an object that was compiled' {
        $object = "$Repository/src/Ebee/obj/bpf/exec.bpf.o"
        if (-not (Test-Path $object)) { Set-ItResult -Skipped -Because 'needs the compiled eBPF objects of the build' }
        $made = Export-EbpfTypeHeader "$folder/exec.h" -BtfPath $object
        Get-Content -Raw $made | Should -Match 'struct exec_record \{'
    }

    It 'writes over a file only with -Force' {
        Set-Content "$folder/there.h" mine
        $problem = { Export-EbpfTypeHeader "$folder/there.h" } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -BeLike 'EbpfFileExists,*'
        $problem.CategoryInfo.Category | Should -Be ResourceExists
        $problem.ErrorDetails.RecommendedAction | Should -Match '-Force'
        Get-Content "$folder/there.h" | Should -Be mine
        (Export-EbpfTypeHeader "$folder/there.h" -Force).Length | Should -Be $file.Length
    }

    It 'writes nothing with -WhatIf' {
        Export-EbpfTypeHeader "$folder/none.h" -WhatIf | Should -BeNullOrEmpty
        "$folder/none.h" | Should -Not -Exist
    }

    It 'says what is wrong with <Path> and <BtfPath>' -ForEach @(
        @{ Path = 'new.h'; BtfPath = '/nowhere'; Id = 'EbpfFileFailed' }
        @{ Path = 'new.h'; BtfPath = '/etc/passwd'; Id = 'EbpfInvalidBtf' }
        @{ Path = 'missing/new.h'; BtfPath = '/sys/kernel/btf/vmlinux'; Id = 'EbpfFileFailed' }
        @{ Path = '.'; BtfPath = '/sys/kernel/btf/vmlinux'; Id = 'EbpfFileFailed' }
    ) {
        $problem = { Export-EbpfTypeHeader "$folder/$Path" -BtfPath $BtfPath } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $problem.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        "$folder/new.h" | Should -Not -Exist
    }
}
