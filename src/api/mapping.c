/* Mappings: names, access and ranges are checked here, the operating system is behind port/shm.h. */
#include <shmq/mapping.h>

#include <errno.h>
#include <stdlib.h>

#include "api/options.h"
#include "port/shm.h"

#define TRIES_MAX 64

_Static_assert((int)SHMQ_READ == (int)PORT_READ && (int)SHMQ_READ_WRITE == (int)PORT_READ_WRITE &&
                   (int)SHMQ_COPY == (int)PORT_COPY,
               "an access is passed on as it is");

struct shmq_mapping {
    port_file file;
    enum port_access access;
};

/* What create works on: its arguments, checked and completed. */
struct order {
    const struct port_place *name; /* NULL: no name */
    const struct port_place *path; /* NULL: memory */
    uint64_t size;
    struct port_permissions permissions;
    enum port_access access;
    bool inheritable;
};

static bool access_is_known(enum shmq_access access)
{
    return access == SHMQ_READ || access == SHMQ_READ_WRITE || access == SHMQ_COPY;
}

static int order_fill(struct order *order, const struct shmq_mapping_options *options)
{
    enum shmq_access access = options->access == 0 ? SHMQ_READ_WRITE : options->access;
    if (!access_is_known(access) || options->mode > 0777 || options->has_group > 1 || options->inheritable > 1) {
        return -EINVAL;
    }
    if ((options->has_group && options->group == UINT32_MAX) || (options->size == 0 && options->path == NULL)) {
        return -EINVAL;
    }
    order->size = options->size;
    order->permissions.mode = options->mode == 0 ? 0600 : options->mode;
    order->permissions.group = options->group;
    order->permissions.has_group = options->has_group == 1;
    order->access = (enum port_access)access;
    order->inheritable = options->inheritable == 1;
    return 0;
}

/*
 * Give what was made its name: 0, or 1 and the mapping that has this name already. Names come and go: whoever finds
 * the name taken, and then nobody there, tries again.
 */
static int name_take(const struct order *order, const struct port_place *name, port_file made, bool is_alias,
                     port_file *existing)
{
    for (int try = 0; try < TRIES_MAX; try++) {
        int rc = is_alias ? port_shm_alias(name, order->path->path) : port_shm_publish(made, name);
        if (rc != -EEXIST) {
            return rc;
        }
        rc = port_shm_open(name, order->access, order->inheritable, existing);
        if (rc != -ENOENT) {
            return rc == 0 ? 1 : rc;
        }
    }
    return -EEXIST;
}

/* New memory at a place (0), or what somebody faster has made there (1). */
static int memory_create(const struct order *order, const struct port_place *place, port_file *file)
{
    port_file made;
    int rc = port_shm_create(place, order->size, &order->permissions, order->inheritable, &made);
    if (rc != 0) {
        return rc;
    }
    rc = place != NULL ? name_take(order, place, made, false, file) : 0;
    if (rc == 0) {
        *file = made;
    } else {
        port_shm_close(made);
    }
    return rc;
}

/* Make the user's file fit the order: long enough, and not empty. */
static int file_fit(const struct order *order, port_file file)
{
    uint64_t size;
    int rc = port_shm_size(file, &size);
    if (rc != 0) {
        return rc;
    }
    if (order->size > size) {
        return order->access == PORT_READ_WRITE ? port_shm_grow(file, order->size) : -EACCES;
    }
    return size == 0 ? -EINVAL : 0;
}

/* The user's file: new (0), or the one that is there (1). */
static int file_find(const struct order *order, port_file *file)
{
    int rc = port_shm_open(order->path, order->access, order->inheritable, file);
    if (rc == 0) {
        rc = 1;
    } else if (rc == -ENOENT && order->size > 0) {
        rc = memory_create(order, order->path, file);
    }
    if (rc == 1) {
        int fit = file_fit(order, *file);
        if (fit != 0) {
            port_shm_close(*file);
            return fit;
        }
    }
    return rc;
}

/* The user's file under a name (0), or the mapping that has this name already (1). */
static int file_create(const struct order *order, port_file *file)
{
    port_file found;
    port_file existing;
    int rc = order->name != NULL ? port_shm_may_create(order->name) : 0;
    if (rc != 0) {
        return rc;
    }
    int was_there = file_find(order, &found);
    if (was_there < 0) {
        return was_there;
    }
    rc = order->name != NULL ? name_take(order, order->name, found, true, &existing) : 0;
    if (rc == 0) {
        *file = found;
        return 0;
    }
    /* Somebody else may have given the name to the file that we made: then it is in use. */
    bool in_use = rc == 1 && port_shm_same(existing, found);
    if (!was_there && !in_use) {
        port_shm_unlink(order->path);
    }
    port_shm_close(found);
    if (rc == 1) {
        *file = existing;
    }
    return rc;
}

static int order_carry_out(const struct order *order, port_file *file)
{
    int rc = -ENOENT;
    if (order->name != NULL) {
        rc = port_shm_open(order->name, order->access, order->inheritable, file);
        if (rc == 0) {
            return 1;
        }
    }
    if (rc == -ENOENT) {
        return order->path != NULL ? file_create(order, file) : memory_create(order, order->name, file);
    }
    return rc == -EINVAL ? -EEXIST : rc;
}

int shmq_mapping_create(const char *name, const struct shmq_mapping_options *options, struct shmq_mapping **mapping)
{
    struct order order = {0};
    struct port_place place;
    struct port_place path;
    struct shmq_mapping_options known;
    if (options == NULL || mapping == NULL || options_copy(&known, sizeof known, options, sizeof known) != 0) {
        return -EINVAL;
    }
    int rc = order_fill(&order, &known);
    if (rc == 0 && name != NULL) {
        order.name = &place;
        rc = port_shm_place(name, &place);
    }
    if (rc == 0 && known.path != NULL) {
        order.path = &path;
        rc = port_shm_path(known.path, &path);
    }
    if (rc != 0) {
        return rc;
    }
    /* A name that is a path is the file itself: it cannot lead to another. */
    if (order.name != NULL && order.name->scope == PORT_PATH && order.path != NULL) {
        return -EINVAL;
    }
    struct shmq_mapping *made = malloc(sizeof *made);
    if (made == NULL) {
        return -ENOMEM;
    }
    made->access = order.access;
    rc = order_carry_out(&order, &made->file);
    if (rc < 0) {
        free(made);
        return rc;
    }
    *mapping = made;
    return rc;
}

int shmq_mapping_open(const char *name, enum shmq_access access, int inheritable, struct shmq_mapping **mapping)
{
    struct port_place place;
    if (name == NULL || mapping == NULL || !access_is_known(access)) {
        return -EINVAL;
    }
    int rc = port_shm_place(name, &place);
    if (rc != 0) {
        return rc;
    }
    struct shmq_mapping *opened = malloc(sizeof *opened);
    if (opened == NULL) {
        return -ENOMEM;
    }
    opened->access = (enum port_access)access;
    rc = port_shm_open(&place, opened->access, inheritable != 0, &opened->file);
    if (rc != 0) {
        free(opened);
        return rc;
    }
    *mapping = opened;
    return 0;
}

intptr_t shmq_mapping_handle(const struct shmq_mapping *mapping)
{
    return mapping->file;
}

int shmq_mapping_adopt(intptr_t handle, enum shmq_access access, struct shmq_mapping **mapping)
{
    uint64_t size;
    if (mapping == NULL || !access_is_known(access)) {
        return -EINVAL;
    }
    int rc = port_shm_allows(handle, (enum port_access)access);
    if (rc != -EINVAL) {
        int kind = port_shm_size(handle, &size);
        rc = kind != 0 ? kind : rc;
    }
    if (rc != 0) {
        return rc;
    }
    struct shmq_mapping *adopted = malloc(sizeof *adopted);
    if (adopted == NULL) {
        return -ENOMEM;
    }
    adopted->file = handle;
    adopted->access = (enum port_access)access;
    *mapping = adopted;
    return 0;
}

uint64_t shmq_mapping_size(const struct shmq_mapping *mapping)
{
    uint64_t size;
    return port_shm_size(mapping->file, &size) == 0 ? size : 0;
}

int shmq_mapping_view(const struct shmq_mapping *mapping, enum shmq_access access, uint64_t offset, size_t length,
                      struct shmq_view *view)
{
    uint64_t size;
    void *base;
    if (mapping == NULL || view == NULL || !access_is_known(access) || offset % port_shm_granularity() != 0) {
        return -EINVAL;
    }
    if (access == SHMQ_READ_WRITE && mapping->access != PORT_READ_WRITE) {
        return -EACCES;
    }
    int rc = port_shm_size(mapping->file, &size);
    if (rc != 0) {
        return rc;
    }
    if (offset >= size || length > size - offset || (length == 0 && size - offset > SIZE_MAX)) {
        return -ERANGE;
    }
    if (length == 0) {
        length = (size_t)(size - offset);
    }
    rc = port_shm_map(mapping->file, (enum port_access)access, offset, length, &base);
    if (rc != 0) {
        return rc;
    }
    view->base = base;
    view->size = length;
    return 0;
}

size_t shmq_mapping_granularity(void)
{
    return port_shm_granularity();
}

int shmq_mapping_unview(struct shmq_view *view)
{
    if (view == NULL || view->base == NULL) {
        return -EINVAL;
    }
    int rc = port_shm_unmap(view->base, view->size);
    if (rc == 0) {
        view->base = NULL;
        view->size = 0;
    }
    return rc;
}

void shmq_mapping_close(struct shmq_mapping *mapping)
{
    if (mapping != NULL) {
        port_shm_close(mapping->file);
        free(mapping);
    }
}

int shmq_mapping_remove(const char *name)
{
    struct port_place place;
    if (name == NULL) {
        return -EINVAL;
    }
    int rc = port_shm_place(name, &place);
    return rc != 0 ? rc : port_shm_unlink(&place);
}

int shmq_mapping_list(int (*each)(const char *name, void *arg), void *arg)
{
    return each != NULL ? port_shm_list(each, arg) : -EINVAL;
}
