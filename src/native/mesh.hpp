// The landmarks of a face: 468 of the mesh and, of some models, 10 of the irises after them.

#pragma once

namespace facemesh
{

constexpr int kMeshLandmarks = 468, kIrisLandmarks = 10;

}  // namespace facemesh
