/* The status: a reporter and a reader, each with a hostile peer. */
#include "core.h"
#include "core/status.h"

#include <stdlib.h>
#include <string.h>

static struct shmq_status_area *status_area;

/* What a reader of the status is shown can be shown. */
static void read_status(void)
{
    struct status_view view;

    adversary_allow("status_read", 256 * 64);
    if (status_read(status_area, &view) != 0)
        return;
    must(view.copy.state <= SHMQ_CANCELLED && view.copy.text_size <= sizeof view.message);
    status_text_clean(view.message, view.copy.text_size);
    sink(view.message, view.copy.text_size);
    if (view.copy.text_size == sizeof view.message)
        return;
    view.message[view.copy.text_size] = '\0';
    must(status_text_size(view.message, sizeof view.message) == view.copy.text_size);
}

void core_status_run(struct script *script)
{
    static const char text[SHMQ_STATUS_TEXT + 1] = "All that can be said of it: \xe2\x82\xac 12, \xf0\x9f\x90\x9f.";
    struct status_reporter reporter;

    status_area = aligned_alloc(SHMQ_LINE, sizeof *status_area);
    memset(status_area, 0, sizeof *status_area);
    adversary_share(status_area, sizeof *status_area);
    adversary_allow("status_attach", 256);
    (void)status_attach(&reporter, status_area);
    while (script->at < script->end) {
        uint8_t what = script_u8(script);
        uint64_t *word = (uint64_t *)(void *)status_area + script_u8(script) % (sizeof *status_area / sizeof *word);

        adversary_allow("status", 256);
        switch (what % 8) {
        case 0:
            (void)status_attach(&reporter, status_area);
            break;
        case 1:
            reporter.copy.state = what / 8 % 5;
            status_publish(&reporter, what & 0x80 ? text : NULL, what % sizeof text, what);
            break;
        case 2:
            (void)status_changes(status_area);
            reporter.current = status_area->copies + reporter.sequence % SHMQ_STATUS_COPIES;
            status_set_done(&reporter, what, what);
            break;
        case 3:
        case 4:
            *word = adversary_value(script, *word, word);
            break;
        default:
            read_status();
            break;
        }
    }
    adversary_unshare(status_area);
    free(status_area);
}
