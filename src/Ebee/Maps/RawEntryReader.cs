using System.Runtime.InteropServices;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Maps;

/// <summary>
/// Reads the bytes of all entries of a map, many with one system call where the kernel offers that for its type (Linux 5.6;
/// per-CPU arrays 5.13), else one by one. What is changed meanwhile by others may be read or not. Where entries are read one
/// by one, and the one just read is removed, the kernel begins anew, and entries can come twice.
/// </summary>
internal sealed unsafe class RawEntryReader : IDisposable
{
    public const int BatchBytes = 1 << 20;

    private readonly MapLayout _layout;
    private readonly SafeFileHandle _map;
    private readonly int _keySize;
    private readonly int _valueSize;
    private readonly byte* _place;     // of the batches; then the last key
    private byte* _keys;
    private byte* _values;
    private uint _capacity;
    private uint _count;
    private uint _index;
    private ulong _total;
    private State _state;
    private bool _isFirst = true;

    public RawEntryReader(MapLayout layout, SafeFileHandle map)
    {
        _layout = layout;
        _map = map;
        _keySize = layout.Key.Size;
        _valueSize = layout.ValueSize;
        _place = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(_keySize, sizeof(ulong)));
        // A batch of a hash has whole buckets: some room for these, however few entries there are.
        Allocate((uint)Math.Clamp(BatchBytes / Math.Max(1, _keySize + _valueSize), 1, Math.Max(64, layout.Map.MaxEntries)));
    }

    private enum State
    {
        Batches,
        LastBatch,
        Single,
        End,
    }

    /// <summary>Reads the next entry. What the spans are of is overwritten by the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        if (_index == _count && !Fill())
        {
            key = value = default;
            return false;
        }
        key = new(_keys + (nuint)_index * (nuint)_keySize, _keySize);
        value = new(_values + (nuint)_index * (nuint)_valueSize, _valueSize);
        _index++;
        return true;
    }

    public void Dispose()
    {
        NativeMemory.Free(_place);
        NativeMemory.Free(_keys);
        NativeMemory.Free(_values);
        _keys = _values = null;
    }

    private bool Fill()
    {
        _index = _count = 0;
        while (_state == State.Batches && _count == 0)
        {
            FillBatch();
        }
        if (_state == State.Single)
        {
            FillSingle();
        }
        return _count > 0;
    }

    private void FillBatch()
    {
        uint count = _capacity;
        int result = LibBpf.bpf_map_lookup_batch(_map, _isFirst ? null : _place, _place, _keys, _values, &count, null);
        switch (-result)
        {
            case 0:
                _count = count;
                _isFirst = false;
                break;
            case Errno.Enoent:
                (_count, _state) = (count, State.LastBatch);
                break;
            case Errno.Enospc when _capacity < int.MaxValue / 2 / (uint)Math.Max(1, _keySize + _valueSize): // a bucket has more
                Allocate(_capacity * 2);
                break;
            case Errno.Eintr: // what it has so far counts
                _count = count;
                _isFirst &= count == 0;
                break;
            default:
                _state = _isFirst ? State.Single : throw MapErrors.Failed(_layout.Map, _map, "read", -result);
                break;
        }
    }

    private void FillSingle()
    {
        while (_total++ < _layout.Map.MaxEntries + 1UL) // however often it begins anew
        {
            int result = LibBpf.bpf_map_get_next_key(_map, _isFirst ? null : _place, _keys);
            if (result == -Errno.Enoent)
            {
                break;
            }
            if (result < 0)
            {
                throw MapErrors.Unreadable(_layout.Map, _map, -result);
            }
            _isFirst = false;
            new ReadOnlySpan<byte>(_keys, _keySize).CopyTo(new Span<byte>(_place, _keySize));
            result = LibBpf.bpf_map_lookup_elem(_map, _keys, _values);
            if (result == 0)
            {
                _count = 1;
                return;
            }
            if (result != -Errno.Enoent) // it has gone, or nothing is at this index
            {
                throw MapErrors.Unreadable(_layout.Map, _map, -result);
            }
        }
        _state = State.End;
    }

    private void Allocate(uint capacity)
    {
        _keys = (byte*)NativeMemory.Realloc(_keys, (nuint)capacity * (nuint)Math.Max(1, _keySize));
        _values = (byte*)NativeMemory.Realloc(_values, (nuint)capacity * (nuint)Math.Max(1, _valueSize));
        _capacity = capacity;
    }
}
