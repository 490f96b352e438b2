// This person's shape: what the views of one track say of it, against the spread of people.

#pragma once

#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "head_fit.hpp"

namespace facemesh
{

// Faces of people: mean + coefficients · modes, in face axes, m; see geometry/shape_model.py.
struct ShapeTables
{
  RigidLandmarks rigid;
  std::vector<double> mean_m;  // 468 x 3
  std::vector<double> modes_m;  // K x 468 x 3
  std::array<Vector3, 2> eyeballs_m;  // of the mean, right and left
  std::vector<std::array<Vector3, 2>> eyeball_modes_m;  // K
};

// Coefficients of the shape modes of one face, by maximum a posteriori over its views: least
// squares of pose and coefficients together, the pose eliminated, with the modes' own prior.
// Information adds up over directions of view, but not over views from the same one.
class FaceIdentity
{
public:
  explicit FaceIdentity(std::shared_ptr<const ShapeTables> shapes);

  // Take in one view of the face; fit: of `head` to that view.
  void learn(const FaceView & view, const HeadFit & fit);

  const RigidLandmarks & landmarks() const {return shapes_->rigid;}
  const std::vector<double> & coefficients() const {return coefficients_;}
  const std::vector<double> & shape_m() const {return shape_m_;}  // 468 x 3
  const HeadShape & head() const {return head_;}
  const std::array<Vector3, 2> & eyeballs_m() const {return eyeballs_m_;}

private:
  // What the views from one direction say.
  struct Cell
  {
    std::vector<double> information;  // K x K, its vector in one column more: K x (K + 1)
    int views = 0;
    double weight = 1;

    void add(const std::vector<double> & seen);
  };

  std::vector<double> seen(const FaceView & view, const HeadFit & fit) const;
  void estimate();

  std::shared_ptr<const ShapeTables> shapes_;
  std::size_t modes_;  // K
  std::vector<double> prior_;  // K x K, information
  double precision_;
  std::map<std::pair<int, int>, Cell> cells_;
  std::vector<double> coefficients_, shape_m_;
  HeadShape head_;
  std::array<Vector3, 2> eyeballs_m_;
};

}  // namespace facemesh
