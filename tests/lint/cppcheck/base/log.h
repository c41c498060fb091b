// Stands in for base/log.h, and is found before it, where cppcheck reads: 2.10 does not know __VA_OPT__.
#pragma once
#define log_error(...) ((void)0)
#define log_warning(...) ((void)0)
#define log_notice(...) ((void)0)
#define log_info(...) ((void)0)
#define log_debug(...) ((void)0)
