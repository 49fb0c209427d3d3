#include "shim.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

struct shim_state {
    benchmark::State &state;
};

namespace
{

using Run = benchmark::BenchmarkReporter::Run;

double speed(const Run &run)
{
    auto found = run.counters.find("items_per_second");

    return found == run.counters.end() ? 0 : found->second.value;
}

/* Stands between the library, which reports each round as a whole of its own, and one report of all rounds. */
class Rounds : public benchmark::BenchmarkReporter
{
  public:
    Rounds(unsigned rounds, std::ostream *json_stream)
        : rounds_(rounds), console_(isatty(STDOUT_FILENO) ? benchmark::ConsoleReporter::OO_ColorTabular
                                                          : benchmark::ConsoleReporter::OO_Tabular)
    {
        if (json_stream != nullptr) {
            json_.reset(new benchmark::JSONReporter());
            json_->SetOutputStream(json_stream);
        }
    }

    bool ReportContext(const Context &context) override
    {
        std::fprintf(stderr, "round %u of %u\n", round_ + 1, rounds_);
        if (round_ > 0) {
            return true;
        }
        return console_.ReportContext(context) && (!json_ || json_->ReportContext(context));
    }

    void ReportRuns(const std::vector<Run> &runs) override
    {
        std::vector<Run> copies(runs);

        for (Run &run : copies) {
            run.run_name.iterations.clear();
            run.run_name.time_type.clear();
            run.repetitions = rounds_;
            run.repetition_index = round_;
            keep(run);
        }
        if (json_) {
            json_->ReportRuns(copies);
        }
    }

    void Finalize() override
    {
        ++round_;
        if (round_ < rounds_) {
            return;
        }
        for (std::vector<Run> &all : kept_) {
            console_.ReportRuns({median(all)});
        }
        console_.Finalize();
        if (json_) {
            json_->Finalize();
        }
    }

  private:
    void keep(const Run &run)
    {
        for (std::vector<Run> &all : kept_) {
            if (all.front().benchmark_name() == run.benchmark_name()) {
                all.push_back(run);
                return;
            }
        }
        kept_.push_back({run});
    }

    static Run median(std::vector<Run> &all)
    {
        char spread[96];

        for (const Run &run : all) {
            if (run.error_occurred) {
                return run;
            }
        }
        std::sort(all.begin(), all.end(), [](const Run &a, const Run &b) { return speed(a) < speed(b); });
        Run middle = all[all.size() / 2];
        std::snprintf(spread, sizeof spread, "%.4g .. %.4g M/s", speed(all.front()) * 1e-6, speed(all.back()) * 1e-6);
        middle.report_label = spread;
        return middle;
    }

    unsigned rounds_;
    unsigned round_ = 0;
    benchmark::ConsoleReporter console_;
    std::unique_ptr<benchmark::JSONReporter> json_;
    std::vector<std::vector<Run>> kept_;
};

} // namespace

void shim_register(const char *name, shim_function *function, void *context)
{
    auto body = [function, context](benchmark::State &state) {
        for (auto once : state) {
            (void)once;
            shim_state face{state};
            function(&face, context);
            if (state.error_occurred()) {
                break;
            }
        }
    };

    benchmark::RegisterBenchmark(name, body)->Iterations(1)->UseManualTime();
}

void shim_describe(const char *key, const char *value)
{
    benchmark::AddCustomContext(key, value);
}

void shim_item(struct shim_state *face, double seconds, uint64_t bytes)
{
    face->state.SetIterationTime(seconds);
    face->state.SetItemsProcessed(1);
    face->state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

void shim_counter(struct shim_state *face, const char *name, double value)
{
    face->state.counters[name] = value;
}

void shim_error(struct shim_state *face, const char *text)
{
    face->state.SkipWithError(text);
}

int shim_run(const struct shim_plan *plan)
{
    std::string program(plan->program);
    char *arguments[] = {&program[0], nullptr};
    int count = 1;
    std::ofstream json_stream;

    benchmark::Initialize(&count, arguments);
    if (plan->json_path != nullptr) {
        errno = 0;
        json_stream.open(plan->json_path);
        if (!json_stream) {
            return errno != 0 ? -errno : -EIO;
        }
    }
    Rounds reporter(plan->rounds, plan->json_path != nullptr ? &json_stream : nullptr);
    for (unsigned round = 0; round < plan->rounds; round++) {
        benchmark::RunSpecifiedBenchmarks(&reporter, "all");
    }
    if (plan->json_path != nullptr && !json_stream.flush()) {
        return -EIO;
    }
    return 0;
}
