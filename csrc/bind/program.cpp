// Tape, recording and Program for Python.
#include "program.h"

#include "bind/bind.h"

namespace pyclr {

namespace {

// A batch source from Python: a capsule named "pyclr.BatchSource" around the struct; see
// pyclr/_feed.pyx.
BatchSource source_from(const py::capsule& capsule) {
  check_type(std::string_view(capsule.name()) == "pyclr.BatchSource",
             "A capsule with a batch source is needed.");
  return *static_cast<BatchSource*>(capsule.get_pointer());
}

std::vector<Feed> feeds_from(const std::vector<std::pair<Tensor, py::array>>& tables,
                             int64_t steps) {
  std::vector<Feed> feeds;
  for (const auto& [tensor, table] : tables) {
    check(dtype_of_numpy(table.dtype()) == tensor->dtype && (table.flags() & py::array::c_style) &&
              static_cast<size_t>(table.nbytes()) >= tensor->bytes() * steps,
          "A feed must be a contiguous table of one row a step in the tensor's dtype.");
    feeds.push_back({tensor, table.data()});
  }
  return feeds;
}

void remove_tape(Tape* tape) {
  auto& tapes = engine().tapes;
  tapes.erase(std::remove(tapes.begin(), tapes.end(), tape), tapes.end());
}

}  // namespace

[[gnu::cold]] void bind_program(py::module_& m) {
  py::class_<Tape>(m, "Tape", "Records Calls while started, for gradients.")
      .def(py::init<bool>(), py::arg("follow_variables") = false)
      .def("start",
           [](Tape& tape) {
             remove_tape(&tape);
             engine().tapes.push_back(&tape);
           })
      .def("stop", [](Tape& tape) { remove_tape(&tape); })
      .def("watch", &Tape::watch)
      .def("watches", &Tape::watches)
      .def("variables", &Tape::variables)
      .def(
          "gradient",
          [](Tape& tape, const Tensors& targets, const Tensors& sources, const Tensors& seeds) {
            // A tape does not see its own backward pass: it is being read.
            auto& tapes = engine().tapes;
            const auto saved = tapes;
            remove_tape(&tape);
            Tensors result;
            try {
              py::gil_scoped_release release;
              result = tape.gradient(targets, sources, seeds);
            } catch (...) {
              tapes = saved;
              throw;
            }
            tapes = saved;
            return result;
          },
          py::arg("targets"), py::arg("sources"), py::arg("seeds") = Tensors{});

  m.def("suspend_tapes", [] {
    auto tapes = std::move(engine().tapes);
    engine().tapes.clear();
    return py::capsule(new std::vector<Tape*>(std::move(tapes)),
                       [](void* p) { delete static_cast<std::vector<Tape*>*>(p); });
  });
  m.def("resume_tapes", [](const py::capsule& saved) {
    engine().tapes = *static_cast<std::vector<Tape*>*>(saved.get_pointer());
  });

  m.def(
      "set_mode",
      [](const std::string& name) {
        const auto* found = std::find(std::begin(kModes), std::end(kModes), name);
        check(found != std::end(kModes), "There is no mode ", name);
        const auto mode = static_cast<Mode>(found - kModes);
        return kModes[static_cast<int>(std::exchange(engine().mode, mode))];
      },
      py::arg("mode"),
      "What calls do in this thread: real, dry (shapes only) or rehearsal (recorded only). Returns "
      "what it was.");
  m.def("mode", [] { return kModes[static_cast<int>(engine().mode)]; });

  py::class_<Recording, std::shared_ptr<Recording>>(m, "Recording", "What one step did, in order.")
      .def(py::init([](const Tensors& inputs) {
             // One that is dropped while it is open is closed.
             std::shared_ptr<Recording> recording(new Recording, [](Recording* r) {
               if (engine().recording == r) engine().recording = nullptr;
               delete r;
             });
             std::unordered_set<const Storage*> storages;
             for (const Tensor& input : inputs) {
               check(input->offset == 0, "A recording's input must not be a view.");
               check(storages.insert(input->storage.get()).second,
                     "A recording's inputs must not share memory: a replay gives each its own.");
             }
             recording->inputs = inputs;
             return recording;
           }),
           py::arg("inputs"))
      .def("begin",
           [](Recording& recording) {
             check(engine().recording == nullptr, "A recording is open already.");
             engine().recording = &recording;
           })
      .def("end",
           [](Recording& recording) {
             if (engine().recording == &recording) engine().recording = nullptr;
           })
      .def("set_outputs",
           [](Recording& recording, const Tensors& outputs) { recording.outputs = outputs; })
      .def("forbid",
           [](Recording& recording, const std::string& reason) {
             if (recording.obstacle.empty()) recording.obstacle = reason;
           })
      .def_property_readonly(
          "is_held", [](const Recording& r) { return is_held(r); },
          "Whether something outside holds a tensor that it made.")
      .def(
          "release_values", [](const Recording& r) { release_values(r); },
          "Gives the memory back of what it made and nothing outside holds.")
      .def_property_readonly("obstacle", [](const Recording& r) { return r.obstacle; })
      .def("__len__", [](const Recording& r) { return r.calls.size(); })
      .def("describe", [](const Recording& r) {
        std::string result;
        for (const Call& call : r.calls) result += describe(call) + "\n";
        return result;
      });

  m.def("forbid_replay", forbid_replay, "The open recording, if any, can not be replayed.");
  m.def("is_recording", [] { return engine().recording != nullptr; });
  m.def(
      "difference", [](const Recording& a, const Recording& b) { return difference(a, b); },
      "Why two recordings are not the same computation; empty when they are.");

  py::class_<Program, std::shared_ptr<Program>>(m, "Program", "A step that C++ replays.")
      .def(py::init([](Recording& recording) {
             check(engine().recording != &recording, "An open recording can not become a program.");
             return std::make_shared<Program>(std::move(recording));
           }),
           "Takes the recording over.")
      .def("difference_from", &Program::difference_from)
      .def_property_readonly("inputs", &Program::recorded_inputs,
                             "The tensors that the step was recorded with.")
      .def(
          "replay",
          [](Program& program, const py::capsule& source,
             const std::vector<std::pair<Tensor, py::array>>& feeds, int64_t steps, double seconds,
             const std::vector<py::array>& sinks) {
            const BatchSource batches = source_from(source);
            const auto tables = feeds_from(feeds, steps);
            std::vector<std::byte*> targets;
            check(sinks.size() <= program.outputs().size(), "There are ", program.outputs().size(),
                  " outputs. Received: ", sinks.size(), " sinks");
            for (size_t i = 0; i < sinks.size(); ++i) {
              const TensorData& output = *program.outputs()[i];
              check(sinks[i].writeable() && (sinks[i].flags() & py::array::c_style) &&
                        dtype_of_numpy(sinks[i].dtype()) == output.dtype &&
                        static_cast<size_t>(sinks[i].nbytes()) >= output.bytes() * steps,
                    "A sink must be a contiguous table of one row a step in the output's dtype.");
              targets.push_back(static_cast<std::byte*>(const_cast<void*>(sinks[i].data())));
            }
            py::gil_scoped_release release;
            auto result = program.replay(batches, tables, steps, seconds, targets);
            return std::make_pair(result.steps, result.outputs);
          },
          py::arg("source"), py::arg("feeds"), py::arg("steps"), py::arg("seconds"),
          py::arg("sinks") = std::vector<py::array>{})
      .def(
          "run",
          [](Program& program, const Tensors& inputs,
             const std::vector<std::pair<Tensor, py::array>>& feeds) {
            const auto tables = feeds_from(feeds, 1);
            py::gil_scoped_release release;
            return program.replay(inputs, tables);
          },
          py::arg("inputs"), py::arg("feeds") = std::vector<std::pair<Tensor, py::array>>{})
      .def("time_calls", &Program::time_calls, py::arg("inputs"), py::arg("repetitions"),
           py::call_guard<py::gil_scoped_release>(),
           "The least seconds that each call took in so many replays, which train on.")
      .def_property_readonly(
          "output_specs",
          [](const Program& program) {
            py::list specs;
            for (const Tensor& t : program.outputs())
              specs.append(py::make_tuple(
                  py::tuple(py::cast(std::vector<int64_t>(t->shape.begin(), t->shape.end()))),
                  name_of(t->dtype)));
            return specs;
          },
          "(shape, dtype) of every output.")
      .def_property_readonly("has_held", &Program::has_held)
      .def_property_readonly("writes_inputs", &Program::writes_inputs)
      .def_property_readonly("arena_bytes", &Program::arena_bytes)
      .def_property_readonly(
          "placements",
          [](const Program& program) {
            std::vector<std::array<size_t, 4>> rows;
            for (const Placement& p : program.placements())
              rows.push_back({p.first, p.last, p.bytes, p.offset});
            return rows;
          },
          "(first call, last call, bytes, offset) of every planned buffer.")
      .def("__len__", [](const Program& program) { return program.calls().size(); })
      .def("describe", &Program::describe);
  m.def(
      "place",
      [](const std::vector<std::array<size_t, 3>>& lifetimes) {
        std::vector<Placement> placements;
        for (const auto& [first, last, bytes] : lifetimes)
          placements.push_back({first, last, bytes, 0});
        const size_t arena = place(placements);
        std::vector<size_t> offsets;
        for (const Placement& p : placements) offsets.push_back(p.offset);
        return std::make_pair(arena, offsets);
      },
      "The memory planner alone: [(first, last, bytes)] -> (arena bytes, offsets).");
}

}  // namespace pyclr
