using System.Text.RegularExpressions;

namespace Ebee.Programs;

/// <summary>What the verifier's best known complaints mean, and what to do about them.</summary>
internal static class VerifierHints
{
    private static readonly (Regex Pattern, string Cause, string Action)[] Known =
    [
        Hint("'(map_value|ringbuf_mem|mem|sock|sock_common|tcp_sock|ptr|rdonly_mem|ringbuf|alloc_mem)\\w*_or_null'|[Pp]ossibly NULL pointer|null-check it first|type=\\w+_or_null expected",
            "The pointer can be NULL, and is used without a check.",
            "Check what the helper returned before it is used: if (!value) return 0;"),
        Hint("invalid mem access '(scalar|inv|unknown)'",
            "A number is used as a pointer: memory of the kernel or of a process cannot be read directly.",
            "Read it with bpf_probe_read_kernel, bpf_probe_read_user or BPF_CORE_READ; pointers of fentry, tp_btf and lsm programs can be followed as they are."),
        Hint("back-edge from insn|infinite loop detected",
            "The verifier sees no end of the loop.",
            "Give the loop a constant bound, such as for (int i = 0; i < 64; i++), or use bpf_loop (Linux 5.17); before Linux 5.3: #pragma unroll."),
        Hint("program is too large|processed \\d{7,} insn|too many instructions|sequence of \\d+ jumps is too complex|argument list too long",
            "The verifier gave up: it followed a million instructions, or too many branches.",
            "Make loops shorter or use bpf_loop; put parts into functions that are not static (each is verified once), or into tail calls."),
        Hint("invalid func unknown|unknown func |program of this type cannot use helper",
            "This kernel does not have the helper, or does not let this kind of program call it.",
            "See what this kind of program can call: Get-EbpfFeature; or put the code on another hook."),
        Hint("cannot call GPL-restricted function|cannot call GPL only function|from non-GPL compatible program",
            "The helper is for programs with a GPL-compatible licence.",
            "Add to the source: char LICENSE[] SEC(\"license\") = \"GPL\";"),
        Hint("invalid access to map value",
            "The access can leave the map's value.",
            "Check the index against the value's size right before the access: if (i >= 16) return 0;"),
        Hint("invalid access to packet|math between pkt pointer",
            "A packet can be shorter than what is read of it.",
            "Compare with data_end before each access: if ((void *)(header + 1) > (void *)(long)ctx->data_end) return XDP_PASS;"),
        Hint("unbounded memory access|math between \\w+ pointer and register|invalid unbounded variable-offset|min value is negative|R\\d+ unbounded|max value is outside|makes .* pointer be out of bounds|value is outside of the allowed memory range",
            "The verifier cannot tell that the index or the length stays within the memory.",
            "Bound it right before it is used: if (length > sizeof(buffer)) length = sizeof(buffer); or index &= 63 with a size that is a power of two; make it unsigned."),
        Hint("combined stack size|invalid (variable-offset )?(indirect )?(read|write|access)( from|to)? (to )?stack|invalid stack|stack depth .* exceeds|stack limit|stack off=",
            "The stack is used outside of its 512 bytes, or before anything was written there.",
            "Keep what is larger than 512 bytes in a BPF_MAP_TYPE_PERCPU_ARRAY map of one entry; set variables to {} before they are given to a helper."),
        Hint("invalid bpf_context access|variable ctx access|dereference of modified ctx ptr",
            "The context of this kind of program has no such field, or it is not read by a constant offset from ctx.",
            "Use the context type of the section: struct __sk_buff, struct xdp_md, struct pt_regs, the tracepoint's struct; do not change ctx before a field of it is read."),
        Hint("[Uu]nreleased reference|reference leak",
            "What was reserved or acquired is not given back on every path.",
            "End each path with bpf_ringbuf_submit or bpf_ringbuf_discard, bpf_sk_release, or what belongs to the call."),
        Hint("R\\d+ !read_ok",
            "A variable is used that no path has set: an argument that the function does not have, or no return value.",
            "Set the variable where it is declared; end the function with return 0;"),
        Hint("misaligned",
            "The access is not aligned to its size.",
            "Align the field (a packed struct is not), or copy it: __builtin_memcpy, bpf_probe_read_kernel."),
        Hint("unreachable insn|last insn is not an exit or jmp|jump out of range",
            "The program runs out at its end, or has code that nothing leads to: often the compiler saw undefined behaviour.",
            "End each path with a return; look for a variable that is not set, a shift that is too wide, or a loop without an end."),
        Hint("helper call is not allowed in probe|calls? (is|are) not allowed|cannot be called while|sleepable",
            "The call is not possible here: it may sleep, or a lock is held.",
            "Use a section that may sleep, with .s (such as fentry.s/…, lsm.s/…), or another helper; call nothing between bpf_spin_lock and bpf_spin_unlock."),
        Hint("failed to resolve CO-RE relocation|invalid CO-RE relocation",
            "This kernel has no such type or field.",
            "Ask before it is read: if (bpf_core_field_exists(task->field)); compare with the kernel's types: Export-EbpfTypeHeader."),
        Hint("missing kfunc|kernel function .* is not allowed|calling kernel function|kfunc",
            "This kernel does not have the function, or does not let this kind of program call it.",
            "Declare it __ksym __weak and ask with bpf_ksym_exists; see the kernel's types: Export-EbpfTypeHeader."),
        Hint("At program exit the register R0 has|R0 has .*value.* should have been|R0 .* unknown scalar value .* should have been",
            "The return value is not one that this kind of program may give.",
            "Return a constant that the hook knows: 0 or 1 for cgroup programs, XDP_PASS and the like for xdp, 0 for iterators."),
        Hint("R\\d+ type=.* expected=|arg#\\d+ expected",
            "An argument of the call is not of the kind that the helper takes.",
            "Compare with the helper's declaration: man bpf-helpers. Maps are given as &map, and memory as a pointer to a variable or a map's value."),
        Hint("pointer arithmetic|pointer comparison prohibited|leaks addr|partial copy of pointer",
            "The program calculates with a pointer, or gives one away, in a way that is not allowed.",
            "Copy the value that it points to, and calculate with that."),
    ];

    /// <summary>What a complaint means and what to do; null when it is none of those that are well known.</summary>
    public static (string Cause, string Action)? Find(string verdict)
    {
        foreach ((Regex pattern, string cause, string action) in Known)
        {
            if (pattern.IsMatch(verdict))
            {
                return (cause, action);
            }
        }
        return null;
    }

    private static (Regex, string, string) Hint(string pattern, string cause, string action) => (new Regex(pattern, RegexOptions.CultureInvariant), cause, action);
}
