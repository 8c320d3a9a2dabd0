using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>
/// Deletions that the test makes itself, by system calls on a thread with a working folder and mounts of its own,
/// traced with the best hook that the kernel offers.
/// </summary>
[Trait("Category", "Live")]
public sealed class FileDeleteTests
{
    private const FileDeleteOperation Unlink = FileDeleteOperation.Unlink;
    private const FileDeleteOperation RemoveDirectory = FileDeleteOperation.RemoveDirectory;
    private const FileDeleteOperation RenameOver = FileDeleteOperation.RenameOver;

    [LiveFact]
    public void Five_thousand_deletions_on_two_file_systems()
    {
        const int Half = 2500;
        string disk = TestFolder.New("disk");
        List<string> onDisk = Files(disk, Half), inMemory = [];
        using ManualResetEventSlim go = new();
        int[] threads = new int[3];
        // Three threads at once: two halves of one folder, and one in a mount namespace of its own.
        using CountdownEvent ready = new(2);
        Thread[] others = [.. Enumerable.Range(0, 2).Select(part => new Thread(() =>
        {
            threads[part] = Sys.gettid();
            ready.Signal();
            go.Wait();
            for (int i = part; i < Half; i += 2)
            {
                Sys.unlink(Sys.Bytes($"{disk}/{i}"));
            }
        }))];
        Array.ForEach(others, thread => thread.Start());
        ready.Wait();
        List<FileDeleteEvent> events = [];
        PrivateMounts.Run(() =>
        {
            threads[2] = Sys.gettid();
            string memory = PrivateMounts.Tmpfs();
            inMemory = Files(memory, Half);
            Assert.NotEqual(onDisk[0].Split(' ')[2], inMemory[0].Split(' ')[2]); // their devices
            using Probe<FileDeleteEvent> probe = Start();
            go.Set();
            for (int i = 0; i < Half; i++)
            {
                Sys.Check(Sys.unlink(Sys.Bytes($"{memory}/{i}")), "unlink");
            }
            Array.ForEach(others, thread => thread.Join());
            events = [.. probe.DrainAll().Where(e => threads.Contains(e.ThreadId))];
            uint own = Tracing.Namespace(new FileInfo("/proc/thread-self/ns/mnt").LinkTarget!);
            Assert.DoesNotContain(events, e => e.MountNamespace == own != (e.ThreadId == threads[2]));
        });
        Assert.Empty(Directory.EnumerateFiles(disk));
        Assert.Equal(onDisk.Concat(inMemory).Order(), events.Select(e => $"{e.Path} {e.Inode} {e.Device}").Order());
        Assert.Equal([(Unlink, true, null, false, Environment.ProcessId)],
            events.Select(e => (e.Operation, e.PathResolved, e.Error, e.Truncated, e.ProcessId)).Distinct());
    }

    [LiveFact]
    public void Every_property_is_the_deleting_processs()
    {
        string file = TestFolder.New() + "/a file";
        File.WriteAllText(file, "");
        using Cause cause = new("name", "my name", "uid", "0", "unlink", Cause.Encode(file));
        using Probe<FileDeleteEvent> probe = new FileDeleteTracer().Start(new TracerOptions { ProcessId = [cause.Id] });
        ulong inode = Sys.Stat(Sys.Bytes(file)).Inode;
        string device = Sys.Stat(Sys.Bytes(Path.GetDirectoryName(file)!)).Device; // on an overlay, a file's is the layer's
        DateTimeOffset before = DateTimeOffset.Now;
        cause.Go();
        FileDeleteEvent e = Assert.Single(probe.DrainAll());
        Assert.InRange(e.Time, before.AddSeconds(-0.5), DateTimeOffset.Now.AddSeconds(0.5));
        Assert.Equal((cause.Id, cause.Id, cause.Id, Environment.ProcessId), (e.ProcessId, e.ThreadId, e.HostProcessId, e.ParentProcessId));
        Assert.Equal(("my name", 0u, "root"), (e.Name, e.UserId, e.UserName));
        Assert.Contains(Cgroup.PathsOf("self"), path => path == e.CgroupPath);
        Assert.Equal(Tracing.Namespace(new FileInfo("/proc/self/ns/mnt").LinkTarget!), e.MountNamespace);
        Assert.Equal((Unlink, file, true, inode, device), (e.Operation, e.Path, e.PathResolved, e.Inode, e.Device));
        Assert.Equal((null, false), (e.Error, e.Truncated));
    }

    [LiveFact]
    public void However_the_name_is_given() => InFolder(folder =>
    {
        foreach (string name in new[] { "a", "b", "c", "d", "e", "f", "sub/g", "sub/h", "sub/deep/i", "sub/j", "k" })
        {
            Touch(name);
        }
        Link($"{folder}/sub/deep", "link");
        Link("sub", "relative");
        int sub = Open("sub");
        Traced traced = new(() =>
        {
            Deleted("a");
            Deleted("./b");
            Deleted("sub/../c");
            Deleted("sub//.././/d");
            Deleted($"{folder}/e");
            Deleted("//" + folder + "/f");
            Check(Sys.unlinkat(sub, Sys.Bytes("g"), 0));
            Check(Sys.unlinkat(sub, Sys.Bytes("deep/../h"), 0));
            Deleted("link/i");
            Deleted("relative/j");
            Check(Sys.unlinkat(sub, Sys.Bytes($"{folder}/k"), 0)); // absolute: the descriptor does not count
        });
        traced.Are([.. "abcdef".Select(c => (Unlink, $"{folder}/{c}")), (Unlink, $"{folder}/sub/g"), (Unlink, $"{folder}/sub/h"),
            (Unlink, $"{folder}/sub/deep/i"), (Unlink, $"{folder}/sub/j"), (Unlink, $"{folder}/k")]);
        Sys.close(sub);
    });

    [LiveFact]
    public void Directories() => InFolder(folder =>
    {
        foreach (string name in new[] { "a", "b", "c", "d", "with/e" })
        {
            Directory.CreateDirectory($"{folder}/{name}");
        }
        ulong inode = Sys.Stat(Sys.Bytes("a")).Inode;
        Traced traced = new(() =>
        {
            Check(Sys.rmdir(Sys.Bytes("a")));
            Check(Sys.rmdir(Sys.Bytes("b/")));
            Check(Sys.rmdir(Sys.Bytes($"{folder}/c//")));
            Check(Sys.unlinkat(Sys.AtFdcwd, Sys.Bytes("d"), Sys.AtRemoveDir));
            Check(Sys.rmdir(Sys.Bytes("with/e")));
        });
        traced.Are([.. "abcd".Select(c => (RemoveDirectory, $"{folder}/{c}")), (RemoveDirectory, $"{folder}/with/e")]);
        Assert.Equal(inode, traced.Events[0].Inode);
    });

    [LiveFact]
    public void A_directory_that_somebody_is_in() => InFolder(folder =>
    {
        Directory.CreateDirectory($"{folder}/here");
        Check(Sys.chdir(Sys.Bytes("here")));
        new Traced(() => Check(Sys.rmdir(Sys.Bytes("../here")))).Are([(RemoveDirectory, $"{folder}/here")]);
    });

    [LiveFact]
    public void Other_kinds_of_file() => InFolder(folder =>
    {
        Touch("target");
        Link("target", "link");
        Check(Sys.mkfifo(Sys.Bytes("fifo"), 0x180));
        Touch("open");
        int open = Sys.openat(Sys.AtFdcwd, Sys.Bytes("open"), Sys.OCloexec, 0);
        ulong link = Sys.Stat(Sys.Bytes("link")).Inode;
        Traced traced = new(() =>
        {
            Deleted("link"); // itself, not what it points to
            Deleted("fifo");
            Deleted("open");
        });
        traced.Are([(Unlink, $"{folder}/link"), (Unlink, $"{folder}/fifo"), (Unlink, $"{folder}/open")]);
        Assert.Equal(link, traced.Events[0].Inode);
        Assert.True(File.Exists($"{folder}/target"));
        Sys.close(open);
    });

    [LiveFact]
    public void Hard_links_one_after_the_other() => InFolder(folder =>
    {
        Directory.CreateDirectory($"{folder}/other");
        Touch("one");
        HardLink("one", "two");
        HardLink("one", "other/three");
        ulong inode = Sys.Stat(Sys.Bytes("one")).Inode;
        Traced traced = new(() =>
        {
            Deleted("two");
            Deleted("other/three");
            Deleted("one");
        });
        traced.Are([(Unlink, $"{folder}/two"), (Unlink, $"{folder}/other/three"), (Unlink, $"{folder}/one")]);
        Assert.All(traced.Events, e => Assert.Equal(inode, e.Inode));
    });

    [LiveFact]
    public void A_rename_over_a_file_deletes_it() => InFolder(folder =>
    {
        foreach (string name in new[] { "new", "old", "new2", "sub/old2", "new3", "file3", "new4" })
        {
            Touch(name);
        }
        Link("/nowhere", "link4");
        int sub = Open("sub");
        ulong old = Sys.Stat(Sys.Bytes("old")).Inode, old2 = Sys.Stat(Sys.Bytes("sub/old2")).Inode, link = Sys.Stat(Sys.Bytes("link4")).Inode;
        Traced traced = new(() =>
        {
            Check(Sys.rename(Sys.Bytes("new"), Sys.Bytes("old")));
            Check(Sys.renameat2(Sys.AtFdcwd, Sys.Bytes("new2"), sub, Sys.Bytes("old2"), 0));
            Check(Sys.rename(Sys.Bytes("new3"), Sys.Bytes($"{folder}/./file3")));
            Check(Sys.rename(Sys.Bytes("new4"), Sys.Bytes("link4")));
        });
        traced.Are([(RenameOver, $"{folder}/old"), (RenameOver, $"{folder}/sub/old2"), (RenameOver, $"{folder}/file3"), (RenameOver, $"{folder}/link4")]);
        Assert.Equal([old, old2], traced.Events.Take(2).Select(e => e.Inode!.Value));
        Assert.Equal(link, traced.Events[3].Inode);
        Sys.close(sub);
    });

    [LiveFact]
    public void A_rename_over_a_directory_deletes_it() => InFolder(folder =>
    {
        foreach (string name in new[] { "from", "to", "from2", "sub/to2", "from3/x" })
        {
            Directory.CreateDirectory($"{folder}/{name}");
        }
        ulong to = Sys.Stat(Sys.Bytes("to")).Inode, to2 = Sys.Stat(Sys.Bytes("sub/to2")).Inode;
        Traced traced = new(() =>
        {
            Check(Sys.rename(Sys.Bytes("from"), Sys.Bytes("to")));
            Check(Sys.rename(Sys.Bytes("from2"), Sys.Bytes("sub/to2/")));
            Check(Sys.rename(Sys.Bytes("from3"), Sys.Bytes("nothing there")));
        });
        traced.Are([(RenameOver, $"{folder}/to"), (RenameOver, $"{folder}/sub/to2")]);
        Assert.Equal([to, to2], traced.Events.Select(e => e.Inode!.Value));
    });

    [LiveFact]
    public void A_rename_that_destroys_nothing_is_no_deletion() => InFolder(folder =>
    {
        foreach (string name in new[] { "a", "b", "c", "d", "e", "sub/x" })
        {
            Touch(name);
        }
        HardLink("d", "d2");
        HardLink("e", "sub/e");
        Directory.CreateDirectory($"{folder}/dir");
        new Traced(() =>
        {
            Check(Sys.rename(Sys.Bytes("a"), Sys.Bytes("free name")));
            Check(Sys.rename(Sys.Bytes("free name"), Sys.Bytes("sub/free name")));
            Check(Sys.renameat2(Sys.AtFdcwd, Sys.Bytes("b"), Sys.AtFdcwd, Sys.Bytes("c"), Sys.RenameExchange));
            Check(Sys.renameat2(Sys.AtFdcwd, Sys.Bytes("b"), Sys.AtFdcwd, Sys.Bytes("dir"), Sys.RenameExchange));
            Check(Sys.renameat2(Sys.AtFdcwd, Sys.Bytes("c"), Sys.AtFdcwd, Sys.Bytes("c3"), Sys.RenameNoReplace));
            Check(Sys.rename(Sys.Bytes("d"), Sys.Bytes("d2")));  // two names of one file: nothing happens
            Check(Sys.rename(Sys.Bytes("e"), Sys.Bytes("sub/e")));
            Check(Sys.rename(Sys.Bytes("sub/x"), Sys.Bytes("sub/x")));
            Check(Sys.rename(Sys.Bytes("sub"), Sys.Bytes("sub2")));
        }).Are([]);
        Assert.True(File.Exists($"{folder}/d"));
    });

    [LiveFact]
    public void A_rename_by_a_file_with_many_names() => InFolder(folder =>
    {
        Directory.CreateDirectory($"{folder}/one");
        Touch("source");
        Touch("old");
        for (int i = 0; i < 12; i++)
        {
            HardLink("source", $"name{i}");
        }
        ulong old = Sys.Stat(Sys.Bytes("old")).Inode;
        Traced traced = new(() => Check(Sys.rename(Sys.Bytes("source"), Sys.Bytes("old"))));
        traced.Are([(RenameOver, $"{folder}/old")]);
        Assert.Equal(old, traced.Events[0].Inode);
    });

    [LiveFact]
    public void A_rename_by_a_file_that_has_the_same_name_in_its_old_folder() => InFolder(folder =>
    {
        Touch("one/source");
        Touch("two/same");
        HardLink("one/source", "one/same");
        ulong old = Sys.Stat(Sys.Bytes("two/same")).Inode;
        Traced traced = new(() => Check(Sys.rename(Sys.Bytes("one/source"), Sys.Bytes("two/same"))));
        traced.Are([(RenameOver, $"{folder}/two/same")]);
        Assert.Equal(old, traced.Events[0].Inode);
    });

    [LiveFact]
    public void A_rename_within_one_folder_after_the_other() => InFolder(folder =>
    {
        // As an editor saves: the same name again and again, each time another file.
        List<ulong> destroyed = [];
        Touch("file");
        Traced traced = new(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                Touch("file.new");
                destroyed.Add(Sys.Stat(Sys.Bytes("file")).Inode);
                Check(Sys.rename(Sys.Bytes("file.new"), Sys.Bytes("file")));
            }
        });
        traced.Are([.. Enumerable.Repeat((RenameOver, $"{folder}/file"), 50)]);
        Assert.Equal(destroyed, traced.Events.Select(e => e.Inode!.Value));
    });

    [LiveTheory]
    [InlineData("tmpfs")]
    [InlineData("ramfs")]
    public void On_file_systems_in_memory(string type) => InFolder(folder =>
    {
        Directory.CreateDirectory("fs");
        Sys.Mount("ebee-tests", "fs", type);
        Traced traced = OneOfEach("fs");
        traced.Are(OneOfEachOn($"{folder}/fs"));
        Assert.Single(traced.Events.Select(e => e.Device).Distinct());
        // The device as mountinfo has it.
        Assert.Contains(File.ReadLines("/proc/thread-self/mountinfo").Select(line => line.Split(' ')),
            mount => mount[4] == $"{folder}/fs" && mount[2] == traced.Events[0].Device);
    });

    [LiveFact]
    public void On_an_overlay_once_for_each_call() => InFolder(folder =>
    {
        // All of it on a tmpfs: not every disk's file system can be an upper one.
        Directory.CreateDirectory("fs");
        Sys.Mount("ebee-tests", "fs", "tmpfs");
        foreach (string name in new[] { "lower/dir", "upper", "work", "merged" })
        {
            Directory.CreateDirectory($"{folder}/fs/{name}");
        }
        Touch("fs/lower/low");
        Touch("fs/lower/low2");
        Touch("fs/lower/dir/inner");
        try
        {
            Sys.Mount("ebee-tests", "fs/merged", "overlay", 0, $"lowerdir={folder}/fs/lower,upperdir={folder}/fs/upper,workdir={folder}/fs/work");
        }
        catch (IOException e)
        {
            throw new SkipException($"needs overlayfs ({e.Message})");
        }
        string merged = $"{folder}/fs/merged";
        Touch("fs/merged/up");
        Touch("fs/merged/up2");
        Touch("fs/merged/up3");
        Directory.CreateDirectory($"{merged}/updir");
        string device = Sys.Stat(Sys.Bytes(merged)).Device;
        Traced traced = new(() =>
        {
            Deleted("fs/merged/up");
            Deleted("fs/merged/low");          // leaves a whiteout
            Deleted("fs/merged/dir/inner");
            Check(Sys.rmdir(Sys.Bytes("fs/merged/updir")));
            Check(Sys.rmdir(Sys.Bytes("fs/merged/dir")));
            Check(Sys.rename(Sys.Bytes("fs/merged/up2"), Sys.Bytes("fs/merged/low2")));
            Check(Sys.rename(Sys.Bytes("fs/merged/up3"), Sys.Bytes("fs/merged/nothing there")));
        });
        traced.Are([(Unlink, $"{merged}/up"), (Unlink, $"{merged}/low"), (Unlink, $"{merged}/dir/inner"), (RemoveDirectory, $"{merged}/updir"),
            (RemoveDirectory, $"{merged}/dir"), (RenameOver, $"{merged}/low2")], inodesKnown: false);
        Assert.All(traced.Events, e => Assert.NotNull(e.Inode));
        Assert.All(traced.Events, e => Assert.Equal(device, e.Device));
        Check(Sys.umount2("fs/merged", 2));
    });

    [LiveFact]
    public void On_a_file_system_without_files() => InFolder(_ =>
    {
        // A cgroup is a directory whose removal is the kernel's own business.
        string? mount = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).FirstOrDefault(m => m[2] == "cgroup2")?[1];
        using Cgroup cgroup = Cgroup.New(mount is null ? "memory" : "", $"ebee-{Environment.ProcessId}-rmdir");
        Traced traced = new(() => Check(Sys.rmdir(Sys.Bytes(cgroup.Folder))));
        FileDeleteEvent e = Assert.Single(traced.Events);
        Assert.Equal((RemoveDirectory, cgroup.Folder, null), (e.Operation, e.Path, e.Error));
    });

    [LiveFact]
    public void A_path_is_the_one_through_its_mount() => InFolder(folder =>
    {
        Directory.CreateDirectory("bound");
        foreach (string name in new[] { "real/a", "real/sub/b", "real/c", "real/d", "real/e" })
        {
            Touch(name);
        }
        Sys.Mount($"{folder}/real", "bound", "", Sys.MsBind);
        int bound = Open("bound/sub");
        Traced traced = new(() =>
        {
            Deleted("bound/a");
            Check(Sys.unlinkat(bound, Sys.Bytes("b"), 0));
            Check(Sys.unlinkat(bound, Sys.Bytes("../c"), 0));
            Deleted("real/d");
            Deleted("bound/sub/../../bound/e");
        });
        traced.Are([(Unlink, $"{folder}/bound/a"), (Unlink, $"{folder}/bound/sub/b"), (Unlink, $"{folder}/bound/c"),
            (Unlink, $"{folder}/real/d"), (Unlink, $"{folder}/bound/e")]);
        Sys.close(bound);
    });

    [LiveFact]
    public void A_link_into_another_mount() => InFolder(folder =>
    {
        Directory.CreateDirectory("fs");
        Sys.Mount("ebee-tests", "fs", "tmpfs");
        Directory.CreateDirectory($"{folder}/fs/x");
        Touch("fs/x/file");
        Touch("fs/file2");
        Link($"{folder}/fs/x", "link");
        Link("../file2", "fs/x/up");
        new Traced(() =>
        {
            Deleted("link/file");
            Deleted("link/../file2");
        }).Are([(Unlink, $"{folder}/fs/x/file"), (Unlink, $"{folder}/fs/file2")]);
    });

    [LiveFact]
    public void Another_root() => InFolder(folder =>
    {
        Touch("root/in/a");
        Touch("root/in/b");
        Traced traced = new(() =>
        {
            Check(Sys.chroot(Sys.Bytes("root")));
            Check(Sys.chdir(Sys.Bytes("/in")));
            Deleted("/in/a");
            Deleted("b");
        });
        traced.Are([(Unlink, $"{folder}/root/in/a"), (Unlink, $"{folder}/root/in/b")]); // as the mount namespace names it
    });

    [LiveFact]
    public void In_another_mount_namespace() => InFolder(folder =>
    {
        // A mount that the tracer does not see: the path is the one that the deleting process sees.
        Directory.CreateDirectory("fs");
        using Cause cause = new("unshare", "mnt", "report", "await", "unlink", $"{folder}/fs/file", "unlink", "beside");
        cause.Continue();
        string line, report = "";
        while ((line = cause.ReadLine()).Length > 0)
        {
            report += line + "\n";
        }
        Assert.Equal(0, CommandRun.Run("nsenter", ["-t", $"{cause.Id}", "-m", "mount", "-t", "tmpfs", "ebee-tests", $"{folder}/fs"]).ExitCode);
        Assert.Equal(0, CommandRun.Run("nsenter", ["-t", $"{cause.Id}", "-m", "touch", $"{folder}/fs/file"]).ExitCode);
        Assert.False(File.Exists($"{folder}/fs/file"));
        using Probe<FileDeleteEvent> probe = new FileDeleteTracer().Start(new TracerOptions { ProcessId = [cause.Id] });
        cause.Go();
        FileDeleteEvent e = Assert.Single(probe.DrainAll());
        Assert.Equal(($"{folder}/fs/file", true), (e.Path, e.PathResolved));
        Assert.Equal(Tracing.Namespace(Cause.Report(report)["mnt"]), e.MountNamespace);
    });

    [LiveFact]
    public void A_name_that_another_thread_writes_over() => InFolder(folder =>
    {
        // The path is where the kernel reads it, and from then on anything: no event may be missing or have that.
        const int Times = 300;
        nint name = Marshal.AllocHGlobal(64);
        bool stop = false;
        Thread writer = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                Marshal.WriteByte(name, 3, (byte)'X');
                Marshal.WriteByte(name, 3, (byte)'g');
            }
        });
        Marshal.Copy(Sys.Bytes("target"), 0, name, 7);
        writer.Start();
        int destroyed = 0, made = 0;
        Traced traced = new(() =>
        {
            while (destroyed < Times)
            {
                made++;
                Touch("new");
                Touch("target");
                Check(Sys.rename(Sys.Bytes("new"), name));
                destroyed += Sys.unlink(Sys.Bytes("tarXet")) == 0 ? 0 : 1;
            }
        });
        Volatile.Write(ref stop, true);
        writer.Join();
        Marshal.FreeHGlobal(name);
        Assert.Equal((Times, 0L), (traced.Events.Count(e => e.Operation == RenameOver), traced.Unknown));
        Assert.Equal(made - Times, traced.Events.Count(e => e.Operation == Unlink));
        Assert.All(traced.Events, e => Assert.Equal((true, e.Operation == Unlink ? $"{folder}/tarXet" : $"{folder}/target"), (e.PathResolved, e.Path)));
    });

    [LiveFact]
    public void A_path_of_four_thousand_bytes() => InFolder(folder =>
    {
        string path = Deep(folder, 3990);
        Touch("the file");
        Traced traced = new(() =>
        {
            Deleted("the file");
            Check(Sys.rmdir(Sys.Bytes($"../{path[(path.LastIndexOf('/') + 1)..]}")));
        });
        traced.Are([(Unlink, $"{path}/the file"), (RemoveDirectory, path)]);
        Assert.Equal(4000, traced.Events[0].Path.Length + 1);
    });

    [LiveFact]
    public void A_path_beyond_the_limit_is_said_to_be_cut() => InFolder(folder =>
    {
        string path = Deep(folder, 5000);
        Touch("the file");
        Traced traced = new(() => Deleted("the file"));
        FileDeleteEvent e = Assert.Single(traced.Events);
        Assert.True(e.Truncated);
        // What is there is right: the end of the path, which says what was deleted.
        Assert.EndsWith(e.Path.TrimStart('/'), $"{path}/the file", StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(e.Path), 3800, 4400);
    });

    [LiveFact]
    public void Many_folders_deep() => InFolder(folder =>
    {
        string path = folder;
        for (int i = 0; i < 1200; i++)
        {
            Check(Sys.mkdirat(Sys.AtFdcwd, Sys.Bytes("d"), 0x1ed));
            Check(Sys.chdir(Sys.Bytes("d")));
            path += "/d";
        }
        Touch("x");
        new Traced(() => Deleted("x")).Are([(Unlink, $"{path}/x")]);
    });

    [LiveFact]
    public void Names_of_any_bytes() => InFolder(folder =>
    {
        byte[][] names = [[0xff, 0xfe, (byte)'x', 0], Sys.Bytes("a\nb\e[31m\u202e"), Sys.Bytes(new string('n', 255)), Sys.Bytes(" "), Sys.Bytes("🦊ä"), Sys.Bytes("-rf"), Sys.Bytes("a\\b")];
        foreach (byte[] name in names)
        {
            Sys.close(Sys.openat(Sys.AtFdcwd, name, Sys.OCreate | Sys.OWriteOnly, 0x1a4));
        }
        Traced traced = new(() =>
        {
            foreach (byte[] name in names)
            {
                Check(Sys.unlink(name));
            }
        });
        traced.Are([.. names.Select(name => (Unlink, $"{folder}/{Encoding.UTF8.GetString(name.AsSpan(0, name.Length - 1))}"))]);
    });

    [LiveFact]
    public void Failures_only_on_request() => InFolder(folder =>
    {
        Touch("full/x");
        void Fail()
        {
            Sys.unlink(Sys.Bytes("no such file"));
            Sys.rmdir(Sys.Bytes("full"));
            Sys.unlink(Sys.Bytes("full"));
            Sys.unlink(Sys.Bytes("full/x/y"));
            Sys.unlinkat(9999, Sys.Bytes("z"), 0);
            Sys.unlink(Sys.Bytes(""));
            Check(Sys.unlink(Sys.Bytes("full/x")));
        }
        new Traced(Fail).Are([(Unlink, $"{folder}/full/x")]);
        Touch("full/x");
        Traced traced = new(Fail, includeFailed: true);
        Assert.Equal(
            [
                (Unlink, "ENOENT", $"{folder}/no such file"),
                (RemoveDirectory, "ENOTEMPTY", $"{folder}/full"),
                (Unlink, "EISDIR", $"{folder}/full"),
                (Unlink, "ENOTDIR", $"{folder}/full/x/y"),
                (Unlink, "EBADF", "z"),
                (Unlink, "ENOENT", folder),
                (Unlink, (string?)null, $"{folder}/full/x"),
            ],
            traced.Events.Select(e => (e.Operation, e.Error, e.Path)));
        Assert.All(traced.Events, e => Assert.Equal(e.Error is null, e.PathResolved));
        Assert.All(traced.Events.SkipLast(1), e => Assert.Equal((null, null), (e.Inode, e.Device)));
    });

    [LiveFact]
    public void Through_the_32_bit_calls()
    {
        string file = TestFolder.New() + "/file";
        File.WriteAllText(file, "");
        using Cause cause = new("unlink-compat", Cause.Encode(file));
        using Probe<FileDeleteEvent> probe = new FileDeleteTracer().Start(new TracerOptions { ProcessId = [cause.Id] });
        SkipException.If(cause.Go().StartsWith("unsupported", StringComparison.Ordinal), "needs a kernel with 32-bit system calls (CONFIG_IA32_EMULATION)");
        FileDeleteEvent e = Assert.Single(probe.DrainAll());
        Assert.Equal((file, Unlink, true), (e.Path, e.Operation, e.PathResolved));
    }

    [LiveFact]
    public void A_tree_that_rm_removes_and_a_file_that_mv_replaces()
    {
        string folder = TestFolder.New("tree");
        List<string> expected = [];
        for (int i = 0; i < 10; i++)
        {
            Directory.CreateDirectory($"{folder}/{i}");
            expected.Add($"RemoveDirectory {folder}/{i}");
            for (int j = 0; j < 10; j++)
            {
                File.WriteAllText($"{folder}/{i}/{j}", "");
                expected.Add($"Unlink {folder}/{i}/{j}");
            }
        }
        string from = TestFolder.New() + "/from", to = TestFolder.New() + "/to";
        File.WriteAllText(from, "");
        File.WriteAllText(to, "");
        using Probe<FileDeleteEvent> probe = new FileDeleteTracer().Start(new TracerOptions { Name = ["rm", "mv"] });
        Assert.Equal(0, CommandRun.Run("rm", ["-r", folder]).ExitCode);
        Assert.Equal(0, CommandRun.Run("mv", [from, to]).ExitCode);
        IEnumerable<string> seen = probe.DrainAll().Where(e => e.Path.StartsWith(TestFolder.Root, StringComparison.Ordinal)).Select(e => $"{e.Operation} {e.Path}");
        Assert.Equal([.. expected.Append($"RemoveDirectory {folder}").Append($"RenameOver {to}").Order()], seen.Order());
    }

    [LiveFact]
    public void A_filter_that_excludes_all_costs_nothing() => InFolder(_ =>
    {
        foreach (TracerOptions options in new[] { new TracerOptions { Name = ["no-such-name"] }, new TracerOptions { ProcessId = [1], IncludeFailed = true } })
        {
            Touch("a");
            Touch("b");
            Touch("c");
            using Probe<FileDeleteEvent> probe = new FileDeleteTracer().Start(options);
            Deleted("a");
            Check(Sys.rename(Sys.Bytes("b"), Sys.Bytes("c")));
            Sys.unlink(Sys.Bytes("no such file"));
            // Other processes than these may delete under process 1's name only on a machine whose first process does.
            Assert.DoesNotContain(probe.DrainAll(), e => e.ProcessId != 1);
            if (options.Name.Count > 0)
            {
                Assert.Equal(0ul, probe.ProducedBytes);
            }
        }
    });

    [Trait("Kernels", "Short")]
    [LiveTheory]
    [InlineData("fentry")]
    [InlineData("kprobe")]
    [InlineData("tp_btf")]
    [InlineData("raw_tp")]
    public void Every_hook_sees_the_deletions(string hook)
    {
        SkipUnlessOffered(hook);
        bool resolved = hook != "raw_tp";
        InFolder(folder =>
        {
            Touch("sub/x");
            Link("sub", "link");
            Touch("from");
            Touch("to");
            Directory.CreateDirectory($"{folder}/dir");
            Directory.CreateDirectory("fs");
            Sys.Mount("ebee-tests", "fs", "tmpfs");
            Touch("fs/y");
            Traced traced = new(() =>
            {
                Deleted("link/x");
                Check(Sys.rename(Sys.Bytes("from"), Sys.Bytes("to")));
                Check(Sys.rmdir(Sys.Bytes("dir/")));
                Sys.unlink(Sys.Bytes("no such file"));
                Deleted($"{folder}/fs/y");
            }, includeFailed: true, hook: hook);
            Assert.Equal(hook, traced.Hook);
            Assert.Equal(
                resolved
                    ? [(Unlink, $"{folder}/sub/x", null), (RenameOver, $"{folder}/to", null), (RemoveDirectory, $"{folder}/dir", null),
                        (Unlink, $"{folder}/no such file", "ENOENT"), (Unlink, $"{folder}/fs/y", (string?)null)]
                    : [(Unlink, $"{folder}/link/x", null), (RemoveDirectory, $"{folder}/dir/", null),
                        (Unlink, $"{folder}/no such file", "ENOENT"), (Unlink, $"{folder}/fs/y", (string?)null)],
                traced.Events.Select(e => (e.Operation, e.Path, e.Error)));
            Assert.All(traced.Events.Where(e => e.Error is null), e =>
            {
                Assert.Equal(resolved, e.PathResolved);
                Assert.Equal(resolved, e.Inode is not null);
            });
        });
    }

    [LiveFact]
    public void The_best_hook_of_the_kernel_is_taken()
    {
        using Probe<FileDeleteEvent> probe = Start();
        string[] ladder = ["fentry", "kprobe", "tp_btf", "raw_tp"];
        Assert.Contains(probe.Hook, ladder);
        Assert.Equal(ladder.TakeWhile(h => h != probe.Hook), probe.SkippedHooks.Select(s => s.Split(':')[0]));
        Assert.True(probe.Hook != "raw_tp" || KernelVersion() < new Version(6, 13)); // there, one that resolves paths exists
    }

    private static Probe<FileDeleteEvent> Start(bool includeFailed = false, string? hook = null) =>
        new FileDeleteTracer().Start(new TracerOptions { ProcessId = [Environment.ProcessId], IncludeFailed = includeFailed, Hook = hook });

    // A step that should be there fails the test.
    internal static void SkipUnlessOffered(string hook)
    {
        try
        {
            Start(hook: hook).Dispose();
        }
        catch (EbpfException e) when (hook switch
        {
            "fentry" => e.Message.Contains("EPERM", StringComparison.Ordinal) || KernelVersion() < new Version(5, 17)
                || !File.ReadLines("/proc/kallsyms").Any(line => line.EndsWith(" register_ftrace_direct", StringComparison.Ordinal)),
            "kprobe" => !Directory.Exists("/sys/bus/event_source/devices/kprobe"),
            "tp_btf" => KernelVersion() < new Version(6, 13), // the tracepoints of change times
            _ => false,
        })
        {
            throw new SkipException($"needs a kernel that offers {hook} here: {e.Message}");
        }
    }

    private static Version KernelVersion() => Version.Parse(string.Join('.', File.ReadAllText("/proc/sys/kernel/osrelease").Split('.', '-').Take(2)));

    // What the current thread deletes while the action runs.
    private sealed class Traced
    {
        public Traced(Action action, bool includeFailed = false, string? hook = null)
        {
            using Probe<FileDeleteEvent> probe = Start(includeFailed, hook);
            Hook = probe.Hook;
            action();
            int thread = Sys.gettid();
            Events = [.. probe.DrainAll().Where(e => e.ThreadId == thread)];
            Unknown = probe.Unknown;
        }

        public string Hook { get; }

        public List<FileDeleteEvent> Events { get; }

        public long Unknown { get; }

        // Exactly these, in this order, resolved and whole.
        public void Are(IEnumerable<(FileDeleteOperation Operation, string Path)> expected, bool inodesKnown = true)
        {
            Assert.Equal(expected, Events.Select(e => (e.Operation, e.Path)));
            Assert.All(Events, e => Assert.Equal((true, null, false), (e.PathResolved, e.Error, e.Truncated)));
            Assert.All(Events, e => Assert.True(e.Inode is not null || !inodesKnown, $"{e.Path} has no inode"));
        }
    }

    private static Traced OneOfEach(string folder)
    {
        foreach (string name in new[] { "a", "b", "c", "sub/d" })
        {
            Touch($"{folder}/{name}");
        }
        return new Traced(() =>
        {
            Deleted($"{folder}/a");
            Check(Sys.rename(Sys.Bytes($"{folder}/b"), Sys.Bytes($"{folder}/c")));
            Deleted($"{folder}/sub/d");
            Check(Sys.rmdir(Sys.Bytes($"{folder}/sub")));
        });
    }

    private static (FileDeleteOperation, string)[] OneOfEachOn(string folder) =>
        [(Unlink, $"{folder}/a"), (RenameOver, $"{folder}/c"), (Unlink, $"{folder}/sub/d"), (RemoveDirectory, $"{folder}/sub")];

    // In a new folder, on a thread of its own.
    private static void InFolder(Action<string> body)
    {
        string folder = TestFolder.New();
        PrivateMounts.Run(() =>
        {
            Check(Sys.chdir(Sys.Bytes(folder)));
            body(folder);
        });
    }

    // Makes folders in folders, and goes into them, until the path has so many bytes.
    private static string Deep(string folder, int length)
    {
        string path = folder;
        while (path.Length < length)
        {
            int left = length - path.Length - 1;
            string name = new((char)('a' + path.Length % 26), left <= 240 ? left : Math.Min(200, left - 20));
            Check(Sys.mkdirat(Sys.AtFdcwd, Sys.Bytes(name), 0x1ed));
            Check(Sys.chdir(Sys.Bytes(name)));
            path += "/" + name;
        }
        return path;
    }

    private static List<string> Files(string folder, int count)
    {
        List<string> files = [];
        string device = Sys.Stat(Sys.Bytes(folder)).Device;
        for (int i = 0; i < count; i++)
        {
            string path = $"{folder}/{i}";
            File.WriteAllBytes(path, []);
            files.Add(string.Create(CultureInfo.InvariantCulture, $"{path} {Sys.Stat(Sys.Bytes(path)).Inode} {device}"));
        }
        return files;
    }

    // These take names relative to the thread's working folder, which .NET's file API does not know of.
    private static void Touch(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            Sys.mkdirat(Sys.AtFdcwd, Sys.Bytes(name[..name.LastIndexOf('/')]), 0x1ed);
            string parent = name[..name.LastIndexOf('/')];
            if (parent.Contains('/', StringComparison.Ordinal))
            {
                Sys.mkdirat(Sys.AtFdcwd, Sys.Bytes(parent[..parent.LastIndexOf('/')]), 0x1ed);
                Sys.mkdirat(Sys.AtFdcwd, Sys.Bytes(parent), 0x1ed);
            }
        }
        int fd = Sys.openat(Sys.AtFdcwd, Sys.Bytes(name), Sys.OCreate | Sys.OWriteOnly | Sys.OCloexec, 0x1a4);
        Check(fd);
        Sys.close(fd);
    }

    private static int Open(string folder)
    {
        int fd = Sys.openat(Sys.AtFdcwd, Sys.Bytes(folder), Sys.OPath | Sys.ODirectory | Sys.OCloexec, 0);
        Check(fd);
        return fd;
    }

    private static void Deleted(string name) => Check(Sys.unlink(Sys.Bytes(name)));

    private static void Link(string target, string name) => Check(Sys.symlink(Sys.Bytes(target), Sys.Bytes(name)));

    private static void HardLink(string from, string to) => Check(Sys.link(Sys.Bytes(from), Sys.Bytes(to)));

    private static void Check(int result, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(result))] string what = "") => Sys.Check(result, what);
}
