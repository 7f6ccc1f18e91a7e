#pragma once
// What `pidep build` stamps into the node runtime; "development" in an ordinary build.
#ifndef PINODE_VERSION
#define PINODE_VERSION "development"
#endif
#ifndef PINODE_ARCHITECTURE
#define PINODE_ARCHITECTURE "host"
#endif
const char *cl_pinode_version(void);
const char *cl_pinode_architecture(void);
