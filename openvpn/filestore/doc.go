// Package filestore keeps the files of OpenVPN instances in a folder: one
// sub-folder for each instance, mode 0700, with files of mode 0600 that are
// replaced in one step.
package filestore
