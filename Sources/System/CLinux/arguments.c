#include "clinux.h"

// Embedded Swift has no CommandLine. glibc hands main's arguments to every constructor, too.
static int kept_count;
static char **kept_values;

__attribute__((constructor)) static void keep(int count, char **values) {
    kept_count = count;
    kept_values = values;
}

int cl_argument_count(void) { return kept_count; }

const char *cl_argument(int index) { return index < kept_count ? kept_values[index] : ""; }
