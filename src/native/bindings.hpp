// What each file puts into the module.

#pragma once

#include <pybind11/pybind11.h>

namespace facemesh
{

void bind_crops(pybind11::module_ & module);
void bind_detection(pybind11::module_ & module);
void bind_gazes(pybind11::module_ & module);
void bind_heads(pybind11::module_ & module);
void bind_landmarks(pybind11::module_ & module);
void bind_lenses(pybind11::module_ & module);
void bind_messages(pybind11::module_ & module);
void bind_smoothing(pybind11::module_ & module);
void bind_tracking(pybind11::module_ & module);

}  // namespace facemesh
