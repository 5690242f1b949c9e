"""nbgrader's settings for a course. Change what you like: `make assignment` keeps this file."""

c = get_config()  # noqa: F821 - nbgrader provides it
c.CourseDirectory.course_id = "autoencoders"

# Students keep the words of the exercise's cell; nothing stands in place of the solution.
c.ClearSolutions.code_stub = {"python": ""}

# Hand-ins lie in downloaded/<chapter>/archive, named <student>_<chapter>.ipynb; what a learning
# platform writes between the two, or behind, does not matter.
c.FileNameCollectorPlugin.named_regexp = (
    r".*/(?P<student_id>[^/_]+)_(?:[^/]*_)?(?P<file_id>[a-z]+(?:-[a-z]+)*)[^/]*[.]ipynb"
)
c.FileNameCollectorPlugin.valid_ext = [".ipynb"]
