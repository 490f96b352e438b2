// facemesh_ros.native: loops over pixels and landmarks, with Python's lock released.

#include "bindings.hpp"

PYBIND11_MODULE(native, module)
{
  module.doc() = "Loops over pixels and landmarks, with Python's lock released.";
  facemesh::bind_crops(module);
  facemesh::bind_detection(module);
  facemesh::bind_gazes(module);
  facemesh::bind_heads(module);
  facemesh::bind_landmarks(module);
  facemesh::bind_lenses(module);
  facemesh::bind_messages(module);
  facemesh::bind_smoothing(module);
  facemesh::bind_tracking(module);
}
