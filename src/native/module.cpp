// facemesh_ros.native: loops over pixels and landmarks, with Python's lock released.

#include "bindings.hpp"

PYBIND11_MODULE(native, module)
{
  module.doc() = "Loops over pixels and landmarks, with Python's lock released.";
  facemesh::bind_crops(module);
  facemesh::bind_smoothing(module);
}
