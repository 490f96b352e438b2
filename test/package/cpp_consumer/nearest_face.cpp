// What a consumer in C++ does: read the landmarks of a FaceMeshArray.
#include <iostream>

#include <facemesh_ros/msg/face_mesh_array.hpp>

int main()
{
  facemesh_ros::msg::FaceMesh face;
  face.id = "f00007";
  face.state = facemesh_ros::msg::FaceMesh::STATE_TRACKED;
  face.last_detection_score = 0.75F;
  face.last_detection_age = 3;
  face.landmark_count = 478;
  face.landmarks.resize(3 * face.landmark_count);
  face.landmarks[3 * 4 + 1] = 120.5F;  // y of the nose tip
  face.box = {10.0F, 20.0F, 30.0F, 40.0F};

  facemesh_ros::msg::FaceMeshArray faces;
  faces.header.frame_id = "camera_optical_frame";
  faces.faces.push_back(face);

  for (const auto & each : faces.faces) {
    std::cout << faces.header.frame_id << ' ' << each.id << ' ' << +each.state << ' '
              << each.landmarks.at(3 * 4 + 1) << ' ' << each.box[3] << ' '
              << each.last_detection_score << ' ' << each.last_detection_age << '\n';
  }
}
