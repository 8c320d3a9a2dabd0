// Uses nothing of Ebee: the Pester tests compile this file, too.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;

namespace Ebee.Tests.Support;

/// <summary>
/// The programs, links, maps and pins of the host, and who holds them. What another process holds, such as a
/// tracer that somebody else runs meanwhile, is left out of comparisons.
/// </summary>
public static class BpfInventory
{
    private const int ProgramGetNextId = 11, MapGetNextId = 12, LinkGetNextId = 31; // enum bpf_cmd

    /// <summary>All ids: "prog 12", "map 3", "link 4", and pins by path.</summary>
    public static SortedSet<string> All()
    {
        SortedSet<string> all = new SortedSet<string>(StringComparer.Ordinal);
        Add(all, "prog", ProgramGetNextId);
        Add(all, "map", MapGetNextId);
        Add(all, "link", LinkGetNextId);
        if (Directory.Exists("/sys/fs/bpf"))
        {
            foreach (string pin in Directory.EnumerateFileSystemEntries("/sys/fs/bpf", "*", SearchOption.AllDirectories))
            {
                all.Add("pin " + pin);
            }
        }
        return all;
    }

    /// <summary>
    /// What is there now, was not there before, and is held by no other process; empty as soon as it is, at the
    /// latest after the time given.
    /// </summary>
    public static string[] LeftBehind(ISet<string> before, int withinMs)
    {
        long deadline = Environment.TickCount64 + withinMs;
        while (true)
        {
            HashSet<string> others = HeldByOthers();
            string[] left = All().Where(id => !before.Contains(id) && !others.Contains(id)).ToArray();
            if (left.Length == 0 || Environment.TickCount64 >= deadline)
            {
                return left;
            }
            Thread.Sleep(20);
        }
    }

    /// <summary>How many descriptors of this process are of the kinds that tracing makes.</summary>
    public static int OwnDescriptors()
    {
        return Descriptors("/proc/self").Count(fd => fd.Value.StartsWith("anon_inode:", StringComparison.Ordinal)
            && (fd.Value.Contains("bpf") || fd.Value.Contains("eventfd") || fd.Value.Contains("perf_event")));
    }

    /// <summary>How many ring buffers this process has mapped.</summary>
    public static int OwnMappings()
    {
        return File.ReadLines("/proc/self/maps").Count(line => line.Contains("bpf-map"));
    }

    /// <summary>What other processes hold: "prog 12", "map 3", "link 4".</summary>
    public static HashSet<string> HeldByOthers()
    {
        HashSet<string> held = new HashSet<string>(StringComparer.Ordinal);
        string self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            string id = Path.GetFileName(process);
            if (!id.All(char.IsAsciiDigit) || id == self)
            {
                continue;
            }
            foreach (KeyValuePair<string, string> fd in Descriptors(process))
            {
                if (!fd.Value.Contains("bpf"))
                {
                    continue;
                }
                foreach (string line in Lines(process + "/fdinfo/" + fd.Key))
                {
                    string[] pair = line.Split(':');
                    if (pair.Length == 2 && pair[0].EndsWith("_id", StringComparison.Ordinal))
                    {
                        held.Add($"{pair[0][..^3]} {pair[1].Trim()}"); // prog_id, link_id, map_id
                    }
                }
            }
        }
        return held;
    }

    private static List<KeyValuePair<string, string>> Descriptors(string process)
    {
        List<KeyValuePair<string, string>> all = new List<KeyValuePair<string, string>>();
        try
        {
            foreach (string fd in Directory.EnumerateFileSystemEntries(process + "/fd"))
            {
                all.Add(new KeyValuePair<string, string>(Path.GetFileName(fd), new FileInfo(fd).LinkTarget ?? ""));
            }
        }
        catch (Exception e) when (e is IOException || e is UnauthorizedAccessException)
        {
            // it ended
        }
        return all;
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException || e is UnauthorizedAccessException)
        {
            return Array.Empty<string>();
        }
    }

    private static void Add(SortedSet<string> all, string kind, int command)
    {
        long number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321; // __NR_bpf
        uint[] attributes = new uint[32]; // start_id, next_id
        while (syscall(number, command, attributes, 128) == 0)
        {
            all.Add(kind + " " + attributes[1].ToString(CultureInfo.InvariantCulture));
            attributes[0] = attributes[1];
        }
    }

#pragma warning disable SYSLIB1054, CA5392 // compiled by PowerShell, too, without source generators
    [DllImport("libc", SetLastError = true)]
    private static extern long syscall(long number, long command, uint[] attributes, long size);
#pragma warning restore SYSLIB1054, CA5392
}
