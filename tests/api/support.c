#include "support.h"

#include "support_system.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURNS 32

static char turns[TURNS][512];
static unsigned turn;
static char folder[128];
static char tag[32];

char *support_turn(void)
{
    return turns[turn++ % TURNS];
}

/* Whoever was started by a test has both from it: where it did not get all memory, by the environment. */
static void know_whose_we_are(void)
{
    const char *variables[] = {getenv("SHMQ_TEST_TAG"), getenv("SHMQ_TEST_FOLDER")};

    if (tag[0] != '\0' || variables[0] == NULL || variables[1] == NULL)
        return;
    snprintf(tag, sizeof tag, "%s", variables[0]);
    snprintf(folder, sizeof folder, "%s", variables[1]);
}

const char *test_name(const char *word)
{
    char *name = support_turn();
    know_whose_we_are();
    snprintf(name, sizeof turns[0], "%s.%s", tag, word);
    return name;
}

const char *test_path(const char *file)
{
    char *path = support_turn();
    know_whose_we_are();
    snprintf(path, sizeof turns[0], "%s/%s", folder, file);
    return path;
}

struct shmq_mapping_options test_sized(uint64_t size)
{
    return (struct shmq_mapping_options){.struct_size = sizeof(struct shmq_mapping_options), .size = size};
}

int test_create(const char *name, struct shmq_mapping_options options)
{
    struct shmq_mapping *mapping = NULL;
    int rc = shmq_mapping_create(name, &options, &mapping);
    shmq_mapping_close(mapping);
    return (rc < 0) == (mapping == NULL) ? rc : -EPROTO;
}

int test_open(const char *name, enum shmq_access access)
{
    struct shmq_mapping *mapping = NULL;
    int rc = shmq_mapping_open(name, access, 0, &mapping);
    shmq_mapping_close(mapping);
    return (rc < 0) == (mapping == NULL) ? rc : -EPROTO;
}

struct shmq_view test_memory(const char *name)
{
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view = {NULL, 0};
    int rc = shmq_mapping_open(name, SHMQ_READ_WRITE, 0, &mapping);
    if (rc == 0) {
        rc = shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view);
        shmq_mapping_close(mapping);
    }
    assert_int_equal(rc, 0);
    return view;
}

uint64_t test_length(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : UINT64_MAX;
}

void test_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    size_t written = fwrite(text, 1, strlen(text), file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(written, strlen(text));
    assert_int_equal(chmod(path, 0600), 0);
}

unsigned support_files_with(const char *where, const char *text, bool remove_them)
{
    unsigned count = 0;
    DIR *files = opendir(where);
    if (files == NULL) {
        return 0;
    }
    const struct dirent *file;
    while ((file = readdir(files)) != NULL) {
        char path[1024];
        if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0 || strstr(file->d_name, text) == NULL ||
            !support_is_name(file->d_name)) {
            continue;
        }
        count++;
        snprintf(path, sizeof path, "%s/%s", where, file->d_name);
        if (remove_them && unlink(path) != 0 && rmdir(path) != 0) {
            support_files_with(path, "", true);
            rmdir(path);
        }
    }
    closedir(files);
    return count;
}

int test_setup(void **state)
{
    (void)state;
    snprintf(tag, sizeof tag, "t%ld", (long)getpid());
    return support_make_folder(folder, sizeof folder) && support_tell_children("SHMQ_TEST_TAG", tag) &&
                   support_tell_children("SHMQ_TEST_FOLDER", folder)
               ? 0
               : -1;
}

/* What the names of this process have in them. */
static const char *our_mark(void)
{
    return test_name("");
}

int test_teardown(void **state)
{
    (void)state;
    support_files_with(support_names_folder(), our_mark(), true);
    support_files_with(folder, "", true);
    return rmdir(folder);
}

unsigned test_names_with(const char *text)
{
    return support_files_with(support_names_folder(), text, false);
}

unsigned test_names(void)
{
    return test_names_with(our_mark()) + support_files_with(folder, "", false);
}

int test_child_with(peer_work *work, const void *arg, size_t size)
{
    struct peer peer = peer_start_with(work, arg, size);
    return peer_end(&peer);
}

int test_child(peer_work *work, const char *text)
{
    struct peer peer = peer_start(work, text);
    return peer_end(&peer);
}
