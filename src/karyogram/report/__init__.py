"""One cell or several as a report: what is said (content), and how it is set as one HTML file or a PDF."""
