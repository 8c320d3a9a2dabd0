// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#pragma once

// Make the compiler describe a type in BTF, where the C# one is made from.
#define EXPORT_STRUCT(name) const struct name *export_##name __attribute__((unused))
#define EXPORT_ENUM(name) const enum name *export_##name __attribute__((unused))
