// The fields of a FaceMesh as points and matrices.
#ifndef FACEMESH_ROS__CONSUMER__VIEWS_HPP_
#define FACEMESH_ROS__CONSUMER__VIEWS_HPP_

#include <array>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "facemesh_ros/consumer/vectors.hpp"
#include "facemesh_ros/msg/face_mesh_array.hpp"
#include "facemesh_ros/msg/face_mesh_info.hpp"

namespace facemesh_ros::consumer
{
using msg::FaceMesh;
using msg::FaceMeshArray;
using msg::FaceMeshInfo;

// N points (x, y, z) in a message's flat array: no copy, so the message must outlive them.
class Points
{
public:
  explicit Points(const std::vector<float> & flat)
  : data_(flat.data()), size_(flat.size() / 3)
  {
    if (flat.size() % 3 != 0) {
      throw std::invalid_argument("points are three numbers each");
    }
  }

  std::size_t size() const {return size_;}
  bool empty() const {return size_ == 0;}
  const float * data() const {return data_;}

  // Throws std::out_of_range.
  Vector at(std::size_t index) const
  {
    if (index >= size_) {
      throw std::out_of_range("no landmark " + std::to_string(index));
    }
    return (*this)[index];
  }

  Vector operator[](std::size_t index) const
  {
    const float * point = data_ + 3 * index;
    return {point[0], point[1], point[2]};
  }

private:
  const float * data_;
  std::size_t size_;
};

// px: x, y and a depth of the same scale, smaller is nearer; 468 or 478.
inline Points landmarks(const FaceMesh & face) {return Points(face.landmarks);}

// m in the image's frame: x right, y down, z forward; none if METRIC_NONE.
inline Points landmarks_metric(const FaceMesh & face) {return Points(face.landmarks_metric);}

// px: x0 y0 x1 y1, tight around the landmarks.
inline const std::array<float, 4> & box(const FaceMesh & face) {return face.box;}

// Of the head's pose: x y z m, then rotations about these axes, rad; or NaN.
inline Matrix6 covariance(const FaceMesh & face)
{
  Matrix6 matrix;
  for (std::size_t index = 0; index < 36; ++index) {
    matrix[index / 6][index % 6] = face.pose.covariance[index];
  }
  return matrix;
}

// The scores in [0, 1] by name; none where the model has none. Throws std::invalid_argument if
// the info is another model's.
inline std::map<std::string, float> blendshapes(const FaceMesh & face, const FaceMeshInfo & info)
{
  std::map<std::string, float> scores;
  if (face.blendshapes.empty()) {
    return scores;
  }
  if (face.blendshapes.size() != info.blendshape_names.size()) {
    throw std::invalid_argument(
            "blendshapes of another model: use the newest ~/info of the node that sent the face");
  }
  for (std::size_t index = 0; index < face.blendshapes.size(); ++index) {
    scores[info.blendshape_names[index]] = face.blendshapes[index];
  }
  return scores;
}

// Whether the face has a place in space: metres, a pose, perhaps a gaze.
inline bool is_metric(const FaceMesh & face)
{
  return face.metric_source != FaceMesh::METRIC_NONE;
}

// The faces that were seen in this image and are confirmed: neither coasting, whose landmarks are
// old, nor tentative. They point into the message.
inline std::vector<const FaceMesh *> seen_faces(const FaceMeshArray & faces)
{
  std::vector<const FaceMesh *> seen;
  for (const FaceMesh & face : faces.faces) {
    if (face.state == FaceMesh::STATE_TRACKED) {
      seen.push_back(&face);
    }
  }
  return seen;
}
}  // namespace facemesh_ros::consumer

#endif  // FACEMESH_ROS__CONSUMER__VIEWS_HPP_
