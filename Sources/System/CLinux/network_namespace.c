#include "include/network_namespace.h"
#include "include/clinux.h"
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>

int cl_restart_in_network(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    // Without O_CLOEXEC: it is the way back.
    int before = open("/proc/thread-self/ns/net", O_RDONLY);
    char number[16];
    snprintf(number, sizeof number, "%d", before);
    if (before >= 0) setenv("PIDEP_OUTER_NETWORK", number, 1);
    int failed = setns(fd, CLONE_NEWNET) < 0 ? errno : 0;
    close(fd);
    if (failed) {
        if (before >= 0) close(before);
        return -failed;
    }
    int count = cl_argument_count();
    char **arguments = calloc((size_t)count + 1, sizeof *arguments);
    if (!arguments) return -ENOMEM;
    for (int i = 0; i < count; i++) arguments[i] = (char *)cl_argument(i);
    execv("/proc/self/exe", arguments);
    failed = errno;
    free(arguments);
    return -failed;
}

int cl_enter_network(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int cl_is_in_network(const char *path) {
    struct stat there, here;
    if (stat(path, &there) < 0 || stat("/proc/thread-self/ns/net", &here) < 0) return -errno;
    return there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

static int ask(const char *name, unsigned long question, struct ifreq *request) {
    if (strlen(name) >= sizeof request->ifr_name) return -ENODEV;
    strcpy(request->ifr_name, name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = ioctl(fd, question, request) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int cl_interface_flags(const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    int result = ask(name, SIOCGIFFLAGS, &request);
    return result < 0 ? result : (uint16_t)request.ifr_flags;
}

int cl_is_bridge(const char *name) {
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_data = (void *)&driver;
    return ask(name, SIOCETHTOOL, &request) == 0 && strcmp(driver.driver, "bridge") == 0;
}
