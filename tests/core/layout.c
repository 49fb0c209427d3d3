#include "plain_lane.h"

#include "core/layout.h"

#define LANES 3

struct mapping {
    uint8_t *bytes;
    struct layout_geometry geometry;
};

static const struct layout_creator creator = {
    .id = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff},
    .created_ns = 0x1122334455667788,
    .pid = 0xa1a2a3a4,
    .uid = 0xb1b2b3b4,
    .library_version = 0x00010203,
};

static struct mapping make(uint64_t capacity, uint32_t lanes)
{
    struct mapping m;

    assert_int_equal(layout_plan(capacity, lanes, &m.geometry), 0);
    m.bytes = aligned_new(4096, m.geometry.mapping_size);
    assert_non_null(m.bytes);
    memset(m.bytes, 0, m.geometry.mapping_size);
    layout_write(m.bytes, &m.geometry, &creator);
    return m;
}

static int read_back(const struct mapping *m, uint64_t size)
{
    struct layout_geometry geometry;
    struct shmq_identity identity;

    return layout_read(m->bytes, size, &geometry, &identity);
}

/* The format, byte for byte: whoever changes one of these changes the format. */
static void header_and_first_record_are_these_bytes(void **state)
{
    const uint8_t header[120] = {
        0x89, 'S',  'H',  'M',  'Q',  '\r', '\n', 0x1a, /*   0 magic */
        0x04, 0x03, 0x02, 0x01, 1,    0,    0,    0,    /*   8 byte_order, format */
        0,    0,    0,    0,    0,    0,    0,    0,    /*  16 features */
        3,    0,    0,    0,    0x80, 2,    0,    0,    /*  24 lane_count, lane_size */
        0,    0x80, 0,    0,    0,    0,    0,    0,    /*  32 mapping_size */
        0,    0x20, 0,    0,    0,    0,    0,    0,    /*  40 capacity */
        0,    0x10, 0,    0,    0,    0,    0,    0,    /*  48 lanes_offset */
        0,    0x20, 0,    0,    0,    0,    0,    0,    /*  56 rings_offset */
        0,    0x10, 0,    0,    0,    0,    0,    0,    /*  64 schemas_offset */
        0,    0,    0,    0,    0,    0,    0,    0,    /*  72 schemas_size */
        0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, /*  80 id */
        0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, /*  88 */
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, /*  96 created_ns */
        0xa4, 0xa3, 0xa2, 0xa1, 0xb4, 0xb3, 0xb2, 0xb1, /* 104 creator_pid, creator_uid */
        0x03, 0x02, 0x01, 0x00, 0,    0,    0,    0,    /* 112 library_version */
    };
    const uint8_t records[40] = {
        5, 0, 0, 0, 0xcd, 0xab, 0, 0, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, /* size, type, flags, payload, pad */
        0, 0, 0, 0, 1,    0,    0, 0,                                   /* an empty one */
        8, 0, 0, 0, 0,    0,    0, 0, 1,   2,   3,   4,   5,   6, 7, 8,
    };
    const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct mapping m = make(8192, LANES);
    struct plain_lane lane = {
        .shared = layout_lane(m.bytes, &m.geometry, 1),
        .ring = layout_ring(m.bytes, &m.geometry, 1),
        .capacity = m.geometry.capacity,
    };

    (void)state;
    assert_memory_equal(m.bytes, header, sizeof header);
    for (size_t i = sizeof header; i < m.geometry.mapping_size; i++)
        assert_int_equal(m.bytes[i], 0);

    plain_attach(&lane, SHMQ_HAND_BACK_NONE);
    assert_int_equal(plain_send(&lane, "hello", 5, 0xabcd, false), 0);
    assert_int_equal(plain_send(&lane, NULL, 0, 1, false), 0);
    assert_int_equal(plain_send(&lane, eight, 8, 0, false), 0);
    const uint8_t *at = m.bytes + 0x2000 + 0x2000;
    const uint8_t *lane_bytes = m.bytes + 0x1000 + 640;

    assert_memory_equal(at, records, sizeof records);
    assert_int_equal(lane_bytes[0], sizeof records); /* head */
    assert_int_equal(lane_bytes[8], 3);              /* sent */
    aligned_delete(m.bytes);
}

static void what_is_written_is_read_back(void **state)
{
    const uint64_t capacities[] = {4096, 4097, 1 << 20};
    const uint32_t lanes[] = {1, 2, 7, 8, 9, 64, 256};

    (void)state;
    for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++) {
        for (size_t l = 0; l < sizeof lanes / sizeof *lanes; l++) {
            struct layout_geometry plan;
            struct layout_geometry geometry;
            struct shmq_identity identity;
            uint8_t header[sizeof(struct shmq_header)] __attribute__((aligned(128))) = {0};

            assert_int_equal(layout_plan(capacities[c], lanes[l], &plan), 0);
            layout_add_schemas(&plan, c * 5000);
            layout_add_blobs(&plan, (uint32_t)(c * 100));
            layout_write(header, &plan, &creator);
            assert_int_equal(layout_read(header, plan.mapping_size, &geometry, &identity), 0);
            assert_true(plan.mapping_size == geometry.mapping_size && plan.capacity == geometry.capacity);
            assert_true(plan.lanes_offset == geometry.lanes_offset && plan.rings_offset == geometry.rings_offset);
            assert_int_equal(plan.lane_count, geometry.lane_count);
            assert_int_equal(identity.created_ns, creator.created_ns);
            assert_true(plan.rings_offset % 4096 == 0 && plan.capacity >= capacities[c]);
            assert_true(plan.lanes_offset + lanes[l] * sizeof(struct shmq_lane) <= plan.rings_offset);
            assert_int_equal(plan.lanes_offset, 4096 + plan.schemas_size);
            assert_int_equal(plan.schemas_size, c == 0 ? 0 : c == 1 ? 8192 : 12288);
            assert_true(c == 0 || (uint8_t *)layout_blobs(header, &plan, lanes[l]) <= header + plan.rings_offset);
            assert_int_equal(plan.blobs_offset, c == 0 ? 0 : plan.lanes_offset + lanes[l] * sizeof(struct shmq_lane));
            assert_int_equal(plan.mapping_size, plan.rings_offset + lanes[l] * plan.capacity);
        }
    }
}

static void plans_out_of_range_are_refused(void **state)
{
    struct layout_geometry geometry;

    (void)state;
    assert_int_equal(layout_plan(4095, 1, &geometry), -EINVAL);
    assert_int_equal(layout_plan(0, 1, &geometry), -EINVAL);
    assert_int_equal(layout_plan(SHMQ_CAPACITY_MAX + 1, 1, &geometry), -EINVAL);
    assert_int_equal(layout_plan(UINT64_MAX, 1, &geometry), -EINVAL);
    assert_int_equal(layout_plan(4096, 0, &geometry), -EINVAL);
    assert_int_equal(layout_plan(4096, SHMQ_LANES_MAX + 1, &geometry), -EINVAL);
    assert_int_equal(layout_plan(SHMQ_CAPACITY_MAX, SHMQ_LANES_MAX, &geometry), 0);
}

static void what_is_not_a_queue_of_this_format_is_refused(void **state)
{
    const size_t offsets[] = {0, 3, 7, 8, 12, 16};

    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        struct mapping m = make(4096, 1);

        m.bytes[offsets[i]] ^= 0x40;
        assert_int_equal(read_back(&m, m.geometry.mapping_size), -EPROTO);
        aligned_delete(m.bytes);
    }
    struct mapping m = make(4096, 1);

    m.bytes[20] = 0xff; /* a compatible feature from the future does no harm */
    assert_int_equal(read_back(&m, m.geometry.mapping_size), 0);
    assert_int_equal(read_back(&m, 255), -EPROTO);
    assert_int_equal(read_back(&m, 0), -EPROTO);
    aligned_delete(m.bytes);
}

static void numbers_that_do_not_fit_are_damage(void **state)
{
    (void)state;
    /* Every bit of every number that says where something is. */
    for (size_t bit = 24 * 8; bit < 128 * 8; bit++) {
        struct mapping m = make(65536, 2);

        if (bit == 80 * 8)
            bit = 116 * 8;

        m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(read_back(&m, m.geometry.mapping_size), -EBADMSG);
        aligned_delete(m.bytes);
    }
    struct mapping m = make(4096, 1);

    assert_int_equal(read_back(&m, m.geometry.mapping_size - 1), -EBADMSG);
    assert_int_equal(read_back(&m, m.geometry.mapping_size + 1), 0);
    aligned_delete(m.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_first_record_are_these_bytes),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(plans_out_of_range_are_refused),
        cmocka_unit_test(what_is_not_a_queue_of_this_format_is_refused),
        cmocka_unit_test(numbers_that_do_not_fit_are_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
