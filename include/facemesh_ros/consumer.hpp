// For nodes that read faces: the messages as points, parts of a face by name, and what they do.
//
// Needs the generated messages and the standard library (C++17), nothing of the node. The Python
// module facemesh_ros.consumer has the same names, gives the same answers and documents the
// formulas. What a message does not tell (METRIC_NONE, no gaze, NaN) comes out as NaN or as no
// points, never as a number that could be taken for a measurement.
#ifndef FACEMESH_ROS__CONSUMER_HPP_
#define FACEMESH_ROS__CONSUMER_HPP_

#include "facemesh_ros/consumer/camera.hpp"
#include "facemesh_ros/consumer/freshness.hpp"
#include "facemesh_ros/consumer/landmark_names.hpp"
#include "facemesh_ros/consumer/openings.hpp"
#include "facemesh_ros/consumer/poses.hpp"
#include "facemesh_ros/consumer/views.hpp"

#endif  // FACEMESH_ROS__CONSUMER_HPP_
