"""nbgrader's settings for a course. Change what you like: `make assignment` keeps this file."""

c = get_config()  # noqa: F821 - nbgrader provides it
c.CourseDirectory.course_id = "autoencoders"

# Students keep the words of the exercise's cell; nothing stands in place of the solution.
c.ClearSolutions.code_stub = {"python": ""}
