#include "build_stamp.h"

const char *cl_pinode_version(void) { return PINODE_VERSION; }

const char *cl_pinode_architecture(void) { return PINODE_ARCHITECTURE; }
