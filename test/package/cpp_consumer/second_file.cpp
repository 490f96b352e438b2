#include <facemesh_ros/consumer.hpp>
