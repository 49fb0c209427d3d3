/*
 * A queue in a file, through the public interface, where everything in the file may be a lie and changes while it is
 * looked at. What is handed out lies in a ring; what is received fits a heap block of exactly that size; each call
 * ends.
 *
 * settings[0]: which image of a queue is damaged.
 */
#include "core/layout.h"
#include "file.h"
#include "images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <shmq/clean.h>
#include <shmq/producer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HANDLES 4

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

char path[80];
const char *name;
bool has_own_shm;
bool leaves_files;
static char folder[64];
static struct image images[IMAGES_COUNT];
static struct user users[HANDLES];

static void scribble(struct script *script)
{
    if (map_count == 0)
        return;
    struct map *map = &maps[script_u8(script) % map_count];
    uint64_t *word = image_word(map->base, map->size, script_u16(script));
    uint64_t value = adversary_value(script, *word, word);

    for (unsigned i = 0; i < HANDLES; i++) /* an observer's mapping is read only */
        if (users[i].q != NULL && users[i].role == SHMQ_OBSERVER && users[i].map.base == map->base)
            return;
    *word = value;
}

static int see_unused(const struct shmq_unused *unused, void *arg)
{
    (void)arg;
    sink(unused->name, strlen(unused->name));
    return 0;
}

/* Of its own kind, or of another. */
static void create(uint8_t how)
{
    static const struct shmq_sm *const types[] = {&fuzz_film_sm};
    struct shmq_create_options options = {.struct_size = sizeof options,
                                          .capacity = 4096,
                                          .lane_count = 2,
                                          .kind = how % 3,
                                          .transient = how / 4 % 2,
                                          .exclusive = how / 16 % 2};

    if (how / 8 % 2 == 0 && options.kind != SHMQ_RECORDER) {
        options.types = types;
        options.type_count = 1;
    }
    begin("create", NULL);
    (void)shmq_create(name, &options);
}

static void change_name(uint8_t how)
{
    if (how % 4 == 0) {
        begin("remove", NULL);
        (void)shmq_remove(name, how / 4 % 2);
    } else if (how % 4 == 1) {
        create(how / 4);
    } else if (has_own_shm) {
        begin("clean", NULL);
        (void)shmq_clean(how / 4 % 4, see_unused, NULL);
    }
}

static void step(struct script *script)
{
    uint8_t what = script_u8(script);
    struct user *user = &users[what % HANDLES];
    uint8_t how = script_u8(script);

    if (what / 4 % 16 == 15) {
        scribble(script);
    } else if (what / 4 % 16 == 14) {
        adversary_lies(!adversary_is_lying());
    } else if (what / 4 % 16 == 13) {
        change_name(how);
    } else if (what >= 0xf0) {
        what % 2 == 0 ? duplex_ask(how) : duplex_answer(how);
    } else if (user->q == NULL) {
        user_open(user, how, script_u8(script));
    } else {
        switch (what / 4 % 64) {
        case 16:
        case 32:
            user_await(user, how);
            break;
        case 17:
        case 33:
            user_report(user, how);
            break;
        case 18:
        case 34:
            user_watch(user, how);
            break;
        case 19:
        case 20:
        case 35:
            user_send_film(user, how);
            break;
        case 21:
        case 22:
        case 36:
            user_receive_film(user, how);
            break;
        case 24:
        case 25:
        case 37:
            user_watch_records(user, how);
            break;
        case 23:
            user_look_at_types(user, how);
            break;
        case 0:
            user_close(user);
            break;
        case 1:
            user_wait(user, how);
            break;
        case 2:
            user_look(user, how);
            break;
        case 3:
        case 4:
            user_reserve(user, how % 3 == 0 ? script_u16(script) % 4096 : script_u8(script), how);
            break;
        case 5:
        case 6:
            user_send(user, how % 3 == 0 ? script_u16(script) % 4096 : script_u8(script), how);
            break;
        case 7:
            begin("flush", user);
            (void)shmq_flush(user->q);
            break;
        case 8:
            begin("release", user);
            (void)shmq_release(user->q);
            break;
        case 9:
        case 10:
            user_receive(user, how % 3 == 0 ? script_u16(script) % 4096 : script_u8(script), how);
            break;
        default:
            user_peek(user, how);
            break;
        }
    }
}

/* Another geometry, which is true. Larger rings are empty where the records were not. */
static size_t change_geometry(struct script *script, uint8_t *bytes)
{
    struct layout_geometry geometry;
    struct shmq_identity *identity = (struct shmq_identity *)(void *)bytes;

    if (layout_plan(SHMQ_CAPACITY_MIN << script_u8(script) % 5, script_u8(script) % LANE_COUNT_MAX + 1, &geometry) !=
        0)
        abort();
    identity->lane_count = geometry.lane_count;
    identity->capacity = geometry.capacity;
    identity->mapping_size = geometry.mapping_size;
    identity->rings_offset = geometry.rings_offset;
    return geometry.mapping_size;
}

static void write_file(struct script *script, const struct image *image)
{
    static uint8_t bytes[16 * SHMQ_PAGE];
    uint8_t how = script_u8(script);
    size_t size = image->size;

    must(image->size <= sizeof bytes);
    memcpy(bytes, image->bytes, image->size);
    if (how % 8 == 7)
        size = change_geometry(script, bytes);
    else if (how % 8 == 6)
        size = script_u16(script);
    for (unsigned i = 0; i < how / 8U; i++) {
        uint64_t *word = image_word(bytes, image->size, script_u16(script));

        *word = adversary_value(script, *word, word);
    }
    int file = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);
    size_t whole = size < image->size ? size : image->size;

    if (file < 0 || write(file, bytes, whole) != (ssize_t)whole || ftruncate(file, (off_t)size) != 0) {
        perror(path);
        exit(1);
    }
    close(file);
}

static void empty_folder(void)
{
    DIR *listing = opendir(folder);
    const struct dirent *file;
    char each[400];

    while (listing != NULL && (file = readdir(listing)) != NULL) {
        snprintf(each, sizeof each, "%s/%s", folder, file->d_name);
        if (file->d_name[0] != '.')
            unlink(each);
    }
    if (listing != NULL)
        closedir(listing);
    leaves_files = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script;

    if (!adversary_begin(data, size, IMAGE_CAPACITY, &script))
        return 0;
    write_file(&script, &images[data[0] % IMAGES_COUNT]);
    adversary_lies((data[3] & 2) == 0);
    while (script.at < script.end)
        step(&script);
    for (unsigned i = 0; i < HANDLES; i++)
        if (users[i].q != NULL)
            user_close(&users[i]);
    duplex_close();
    must(map_count == 0);
    if (leaves_files)
        empty_folder();
    return 0;
}

static void clean_up(void)
{
    empty_folder();
    rmdir(folder);
}

/* A name of its own in a /dev/shm of its own; else a file in a folder of its own. */
static void find_place(void)
{
    has_own_shm = make_own_shm();
    if (has_own_shm) {
        name = "fuzz";
        snprintf(folder, sizeof folder, "/dev/shm");
        snprintf(path, sizeof path, "%s/shmq.%u.%s", folder, (unsigned)geteuid(), name);
        return;
    }
    fprintf(stderr, "fuzz_file: no /dev/shm of its own (%s): shmq_clean is left out\n", strerror(errno));
    name = path;
    snprintf(folder, sizeof folder, "/dev/shm/shmq-fuzz-%d", (int)getpid());
    snprintf(path, sizeof path, "%s/queue", folder);
    if (mkdir(folder, 0700) != 0) {
        perror(folder);
        exit(1);
    }
    atexit(clean_up);
}

/* Handle 0 produces, 1 consumes, 2 observes. */
#define OPEN "\x00\x05\x00\x01\x06\x00\x02\x04\x00"
#define SEND "\x18\x02\x30\x18\x02\x08\x18\x02\x20\x0c\x04\x10\x14\x05\x20\x1c\x00"
#define RECEIVE "\x25\x02\xff\x25\x04\x20\x25\x01\xff\x2d\x00\x2d\x01\x21\x00\x0a\x01\x05\x03"
#define WATCH "\x62\x04\x62\x00\x62\x00\x62\x00\x62\x1f\x62\x00\x62\x1e\x61\x04\x61\x1e"
#define FILMS                                                                                                        \
    "\x4c\x0e\x4c\x0f\x4c\x02\x4c\x03\x4c\x05\x55\x00\x21\x00\x55\x01\x25\x01\xff\x55\x02\x21\x00\x5e\x00\x5d\x01"
#define LARGER_BLOB "\x4c\x06\x3c\x00\x00\x26\x00\x01\x14\x55\x00" /* than its file, says the first record */
#define LOOK_TWICE "\x49\x02" LIE "\x49\x09"
#define TAPE_OF_LOOKS "\x30\x82\x00\xff\xff\xff\xff\x00\x00\x00\x00" /* a true one; then none, in a circle of 10 */
#define CANCEL "\x4a\x00\x49\x00"                                    /* not an observer */
#define TAPE_OF_CANCEL "\x0e\x80\x80" /* a look that is true; then a run that is long over, in a circle of 2 */
#define NAMES "\x34\x02\x34\x06\x00\x00\x01\x00\x34\x0e\x34\x01\x34\x05\x34\x04\x34\x21\x34\x0a"
#define STATUS                                                                                                       \
    "\x44\x00\x44\x23\x4a\x02\x49\x00\x44\x08\x44\x07\x44\x01\x44\x05\x44\x2c\x44\x2d\x44\x2e\x44\x24\x4a\x05\x44"   \
    "\x06\x4a\x03"                                                                                                   \
    "\x44\x02\x44\x2f\x44\x0a\x45\x0b\x45\x00\x45\x09\x44\x09"
#define AWAIT "\x18\x02\x30\x40\x00\x2d\x00\x21\x00\x40\x01\x40\x02\x4c\x02\x40\x00\x55\x00\x21\x00\x40\x03"
#define CALLS                                                                                                        \
    "\xf0\x00\xf1\x00\xf0\x02\xf0\x01\xf1\x01\xf1\x04\xf0\x09\xf1\x01\xf1\x06\xf0\x02\xf0\x04\xf1\x07\xf0\x0c\xf0"   \
    "\x11\xf1\x00\xf0\x00"
#define MORE "\x18\x00\x30\x00\x0c\x0f\x10\x00\x05\x01\x05\x00\x05\x02\x04\x02"
#define FILL "\x18\x03\xf0\x07\x18\x03\xe0\x07"
#define NEED_ROOM "\x0c\x05\x10\x14\x05\x10\x18\x05\x20"
#define TAPE_OF_ROOM "\x01\x80\x7f" /* none, and then some */
#define LEAVE "\x00\x00\x2d\x00\x2d\x00\x21\x00\x01\x00"
#define LIE "\x38\x00"
#define TAPE "\x02\x84\xff\x01\x80\x08\x03\x86\x01\x00\x8a\x20"

struct dialogue {
    const char *name;
    uint8_t settings[2];
    const char *script;
    size_t size;
};

#define DIALOGUE(name, tape, circle, text)                                                                           \
    {                                                                                                                \
        name, {tape, circle}, text, sizeof(text) - 1                                                                 \
    }

static const struct dialogue dialogues[] = {
    DIALOGUE("talk", 0, 2, OPEN SEND MORE RECEIVE SEND FILL RECEIVE LEAVE),
    DIALOGUE("lies", 12, 3, OPEN SEND LIE RECEIVE SEND FILL RECEIVE LEAVE TAPE),
    DIALOGUE("films", 0, 2, OPEN FILMS STATUS AWAIT FILMS LEAVE),
    DIALOGUE("films-lies", 12, 3, OPEN FILMS LIE STATUS AWAIT FILMS LEAVE TAPE),
    DIALOGUE("looks", 11, 0xa3, OPEN LOOK_TWICE TAPE_OF_LOOKS),
    DIALOGUE("cancels", 3, 0x23, OPEN LIE CANCEL TAPE_OF_CANCEL),
    DIALOGUE("larger-blob", 0, 2, OPEN LARGER_BLOB),
    DIALOGUE("watch", 0, 2, OPEN SEND WATCH FILMS WATCH FILL WATCH LEAVE),
    DIALOGUE("watch-lies", 12, 3, OPEN SEND LIE WATCH FILMS WATCH FILL WATCH LEAVE TAPE),
    DIALOGUE("names", 0, 2, OPEN SEND NAMES OPEN FILMS NAMES),
    DIALOGUE("names-lies", 12, 3, OPEN SEND LIE NAMES OPEN FILMS NAMES TAPE),
    DIALOGUE("calls", 12, 2, CALLS LIE CALLS TAPE),
    DIALOGUE("lies-about-room", 3, 3, OPEN FILL LIE NEED_ROOM LEAVE TAPE_OF_ROOM),
};
#define DIALOGUES_COUNT (sizeof dialogues / sizeof *dialogues)

/* Each dialogue about each image. */
static void write_seeds(int argc, char **argv)
{
    static struct seed seeds[IMAGES_COUNT * DIALOGUES_COUNT];
    static char names[IMAGES_COUNT * DIALOGUES_COUNT][32];
    static uint8_t inputs[IMAGES_COUNT * DIALOGUES_COUNT][512];

    for (unsigned i = 0; i < IMAGES_COUNT * DIALOGUES_COUNT; i++) {
        const struct dialogue *dialogue = &dialogues[i / IMAGES_COUNT];
        size_t size = SETTINGS + 1 + dialogue->size;

        must(size <= sizeof inputs[i]);
        snprintf(names[i], sizeof names[i], "%s-%u", dialogue->name, i % IMAGES_COUNT);
        inputs[i][0] = (uint8_t)(i % IMAGES_COUNT);
        memcpy(inputs[i] + 2, dialogue->settings, sizeof dialogue->settings);
        memcpy(inputs[i] + SETTINGS + 1, dialogue->script, dialogue->size);
        seeds[i] = (struct seed){names[i], inputs[i], size};
    }
    seeds_write(argc, argv, seeds, sizeof seeds / sizeof *seeds);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    write_seeds(*argc, *argv);
    find_place();
    adversary_allow("images_make", UINT64_MAX);
    images_make(path, images);
    return 0;
}
