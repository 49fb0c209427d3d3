#include "core/schema_rules.h"

#include "base/bits.h"
#include "core/schema.h"

#include <string.h>

bool rules_name_is_good(const char *name, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char others[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    return length > 0 && length < SHMQ_SCHEMA_NAME && strchr(letters, name[0]) != NULL &&
           strspn(name, others) == length;
}

/* Numbers, bool, text, byte: what can be an element of anything. 0: it is another kind. */
static uint32_t scalar_size(uint32_t kind)
{
    static const uint8_t sizes[] = {
        [SHMQ_FIELD_U8] = 1,   [SHMQ_FIELD_U16] = 2, [SHMQ_FIELD_U32] = 4,  [SHMQ_FIELD_U64] = 8,
        [SHMQ_FIELD_I8] = 1,   [SHMQ_FIELD_I16] = 2, [SHMQ_FIELD_I32] = 4,  [SHMQ_FIELD_I64] = 8,
        [SHMQ_FIELD_F32] = 4,  [SHMQ_FIELD_F64] = 8, [SHMQ_FIELD_BOOL] = 1, [SHMQ_FIELD_TEXT] = 1,
        [SHMQ_FIELD_BYTE] = 1,
    };

    return kind < sizeof sizes ? sizes[kind] : 0;
}

bool rules_element(uint32_t kind, uint32_t shape, uint32_t count, const struct schema_extent *nested,
                   struct schema_extent *element)
{
    bool is_one = shape == SHMQ_SHAPE_ONE && count == 1;
    bool is_array = shape == SHMQ_SHAPE_ARRAY && count > 0;
    bool is_span = shape == SHMQ_SHAPE_SPAN && count > 0;
    uint32_t scalar = scalar_size(kind);

    if (kind == SHMQ_FIELD_BLOB) {
        *element = (struct schema_extent){sizeof(struct shmq_sm_blob), 8};
        return is_one;
    }
    if (kind == SHMQ_FIELD_NESTED) {
        *element = *nested;
        return is_one || is_array;
    }
    *element = (struct schema_extent){scalar, scalar};
    if (kind == SHMQ_FIELD_TEXT || kind == SHMQ_FIELD_BYTE)
        return is_span || (is_array && kind == SHMQ_FIELD_TEXT);
    return scalar != 0 && (is_one || is_array || is_span);
}

bool rules_add(struct schema_extent *whole, uint32_t kind, uint32_t shape, uint32_t count,
               const struct schema_extent *nested, uint64_t *offset)
{
    struct schema_extent element;

    if (!rules_element(kind, shape, count, nested, &element))
        return false;
    if (shape == SHMQ_SHAPE_SPAN) {
        if (count * element.size > UINT32_MAX)
            return false;
        element = (struct schema_extent){sizeof(struct shmq_sm_span), 4};
        count = 1;
    }
    *offset = bits_align_up(whole->size, element.align);
    whole->size = *offset + count * element.size;
    if (element.align > whole->align)
        whole->align = element.align;
    return whole->size <= SCHEMA_SIZE_MAX;
}

void rules_finish(struct schema_extent *whole)
{
    whole->size = bits_align_up(whole->size, whole->align);
}
