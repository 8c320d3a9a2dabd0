// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// One field of each type that a codec knows.

#include <linux/bpf.h>
#include <linux/types.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>

enum state { STATE_IDLE, STATE_BUSY = 7, STATE_GONE = 100 };
enum sign { SIGN_MINUS = -5, SIGN_PLUS = 5 };
enum wide { WIDE_LOW = 1, WIDE_HIGH = 0xffffffff00000002ULL };

struct point {
	int x;
	int y;
};

union word {
	__u32 whole;
	__u8 bytes[4];
};

typedef struct {
	__u16 low;
	__u16 high;
} pair_t;

struct everything {
	__s8 s8;
	__u8 u8;
	__s16 s16;
	__u16 u16;
	__s32 s32;
	__u32 u32;
	__s64 s64;
	__u64 u64;
	__int128 s128;
	unsigned __int128 u128;
	_Bool yes;
	char text[16];
	__u8 bytes[6];
	signed char small[3];
	__u32 numbers[3];
	__u16 grid[2][3];
	char lines[2][8];
	struct point point;
	struct point points[2];
	union word word;
	pair_t pair;
	struct {
		__u32 inner;
	} named;
	union {
		__u32 left;
		__s32 right;
	};
	struct {
		__u8 deep;
	};
	__u32 bit1 : 1;
	__u32 bits5 : 5;
	__s32 sbits7 : 7;
	__u32 bits19 : 19;
	__u64 bits40 : 40;
	__s64 sbits20 : 20;
	enum state state_bits : 8;
	_Bool flag_bit : 1;
	enum state state;
	enum state states[2];
	enum sign sign;
	enum wide wide;
	float narrow;
	double broad;
	void *pointer;
	struct point *target;
	__be16 port;
	__be32 count;
	__be32 saddr;
	__be64 big;
	struct in_addr v4;
	struct in6_addr v6;
	__u32 pid;
	__u32 Pid;
	__u32 GetType;
	__u32 ToString;
	__u64 tail[];
};

struct key {
	__u32 pid;
	char name[8];
};

struct everything everything = {};
struct key key = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, struct key);
	__type(value, struct everything);
} everything_by_key SEC(".maps");

char LICENSE[] SEC("license") = "Dual BSD/GPL";
