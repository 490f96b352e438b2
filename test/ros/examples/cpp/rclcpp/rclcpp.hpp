// As much of rclcpp as the examples use, on rcl itself: real nodes, real messages, real DDS. Only
// for environments without rclcpp; the names and what they mean are rclcpp's.
#ifndef RCLCPP__RCLCPP_HPP_
#define RCLCPP__RCLCPP_HPP_

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "rcl/arguments.h"
#include "rcl/error_handling.h"
#include "rcl/rcl.h"
#include "rcl_yaml_param_parser/parser.h"
#include "rosidl_typesupport_cpp/message_type_support.hpp"

namespace rclcpp
{
inline void check(rcl_ret_t status, const char * what)
{
  if (status != RCL_RET_OK) {
    throw std::runtime_error(std::string(what) + ": " + rcl_get_error_string().str);
  }
}

inline rcl_context_t & context()
{
  static rcl_context_t context = rcl_get_zero_initialized_context();
  return context;
}

inline volatile std::sig_atomic_t & is_ended()
{
  static volatile std::sig_atomic_t ended = 0;
  return ended;
}

inline void init(int argc, char ** argv)
{
  auto options = rcl_get_zero_initialized_init_options();
  check(rcl_init_options_init(&options, rcl_get_default_allocator()), "init options");
  check(rcl_init(argc, argv, &options, &context()), "init");
  std::signal(SIGINT, [](int) {is_ended() = 1;});
  std::signal(SIGTERM, [](int) {is_ended() = 1;});
}

struct QoS
{
  QoS(std::size_t depth)  // NOLINT: a number is a quality of service in rclcpp too
  : profile(rmw_qos_profile_default) {profile.depth = depth;}
  QoS & transient_local()
  {
    profile.durability = RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL;
    return *this;
  }
  rmw_qos_profile_t profile;
};

struct SensorDataQoS : QoS
{
  SensorDataQoS()
  : QoS(5) {profile = rmw_qos_profile_sensor_data;}
};

struct Time
{
  std::int64_t nanoseconds() const {return value;}
  std::int64_t value;
};

struct SubscriptionBase
{
  using SharedPtr = std::shared_ptr<SubscriptionBase>;
  virtual ~SubscriptionBase() = default;
  virtual void take() = 0;
  rcl_subscription_t handle = rcl_get_zero_initialized_subscription();
};

template<typename Message>
struct Subscription : SubscriptionBase
{
  using SharedPtr = std::shared_ptr<Subscription>;
  void take() override
  {
    auto message = std::make_shared<Message>();
    if (rcl_take(&handle, message.get(), nullptr, nullptr) == RCL_RET_OK) {
      callback(message);
    }
  }
  std::function<void (std::shared_ptr<const Message>)> callback;
};

template<typename Message>
struct Publisher
{
  using SharedPtr = std::shared_ptr<Publisher>;
  void publish(const Message & message) {check(rcl_publish(&handle, &message, nullptr), "publish");}
  rcl_publisher_t handle = rcl_get_zero_initialized_publisher();
};

struct TimerBase
{
  using SharedPtr = std::shared_ptr<TimerBase>;
  std::chrono::nanoseconds period;
  std::function<void ()> callback;
  std::chrono::steady_clock::time_point next = std::chrono::steady_clock::now() + period;
};

class Node
{
public:
  explicit Node(const std::string & name)
  {
    const auto options = rcl_node_get_default_options();
    check(rcl_node_init(&handle, name.c_str(), "", &context(), &options), "node");
  }

  template<typename Message, typename Callback>
  auto create_subscription(const std::string & topic, const QoS & qos, Callback callback)
  {
    auto made = std::make_shared<Subscription<Message>>();
    made->callback = callback;
    auto options = rcl_subscription_get_default_options();
    options.qos = qos.profile;
    const auto * type = rosidl_typesupport_cpp::get_message_type_support_handle<Message>();
    check(
      rcl_subscription_init(&made->handle, &handle, type, topic.c_str(), &options), "subscription");
    subscriptions.push_back(made);
    return made;
  }

  template<typename Message>
  auto create_publisher(const std::string & topic, const QoS & qos)
  {
    auto made = std::make_shared<Publisher<Message>>();
    auto options = rcl_publisher_get_default_options();
    options.qos = qos.profile;
    const auto * type = rosidl_typesupport_cpp::get_message_type_support_handle<Message>();
    check(rcl_publisher_init(&made->handle, &handle, type, topic.c_str(), &options), "publisher");
    return made;
  }

  auto create_wall_timer(std::chrono::nanoseconds period, std::function<void ()> callback)
  {
    timers.push_back(std::make_shared<TimerBase>(TimerBase{period, callback}));
    return timers.back();
  }

  // Only numbers given to all nodes by `-p name:=value`.
  template<typename Number>
  Number declare_parameter(const std::string & name, Number value)
  {
    rcl_params_t * params = nullptr;
    check(rcl_arguments_get_param_overrides(&context().global_arguments, &params), "parameters");
    if (params && params->num_nodes) {
      if (const auto * given = rcl_yaml_node_struct_get("/**", name.c_str(), params)) {
        value = given->double_value ? *given->double_value : value;
      }
    }
    return value;
  }

  Time now() const
  {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
  }

  rcl_node_t handle = rcl_get_zero_initialized_node();
  std::vector<SubscriptionBase::SharedPtr> subscriptions;
  std::vector<TimerBase::SharedPtr> timers;
};

inline void spin(const std::shared_ptr<Node> & node)
{
  auto waiting = rcl_get_zero_initialized_wait_set();
  check(
    rcl_wait_set_init(
      &waiting, node->subscriptions.size(), 0, 0, 0, 0, 0, &context(), rcl_get_default_allocator()),
    "wait set");
  while (!is_ended()) {
    check(rcl_wait_set_clear(&waiting), "clear");
    for (const auto & subscription : node->subscriptions) {
      check(rcl_wait_set_add_subscription(&waiting, &subscription->handle, nullptr), "add");
    }
    const auto status = rcl_wait(&waiting, 20'000'000);
    if (status == RCL_RET_TIMEOUT) {
      rcl_reset_error();
    } else {
      check(status, "wait");
    }
    for (std::size_t index = 0; index < node->subscriptions.size(); ++index) {
      if (waiting.subscriptions[index]) {
        node->subscriptions[index]->take();
      }
    }
    for (const auto & timer : node->timers) {
      if (std::chrono::steady_clock::now() >= timer->next) {
        timer->next += timer->period;
        timer->callback();
      }
    }
  }
}
}  // namespace rclcpp

#endif  // RCLCPP__RCLCPP_HPP_
