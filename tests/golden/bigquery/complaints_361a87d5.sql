-- table demo.app.complaints: comp_id INT64, comp_date DATETIME, comp_type STRING, comp_text STRING, comp_resolved BOOL, sord_pointer INT64, ObjectPointer INT64, Attachment BYTES, Details STRING
-- table demo.app_staging.complaints__RUN: _plimsoll_op STRING, comp_id INT64, comp_date DATETIME, comp_type STRING, comp_text STRING, comp_resolved BOOL, sord_pointer INT64, ObjectPointer INT64, Attachment BYTES, Details STRING
MERGE `demo.app.complaints` AS T
USING `demo.app_staging.complaints__RUN` AS S
ON T.`comp_id` = S.`comp_id` AND T.`comp_id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`comp_date` = S.`comp_date`, T.`comp_type` = S.`comp_type`, T.`comp_text` = S.`comp_text`, T.`comp_resolved` = S.`comp_resolved`, T.`sord_pointer` = S.`sord_pointer`, T.`ObjectPointer` = S.`ObjectPointer`, T.`Attachment` = S.`Attachment`, T.`Details` = S.`Details`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`comp_id`, `comp_date`, `comp_type`, `comp_text`, `comp_resolved`, `sord_pointer`, `ObjectPointer`, `Attachment`, `Details`) VALUES (S.`comp_id`, S.`comp_date`, S.`comp_type`, S.`comp_text`, S.`comp_resolved`, S.`sord_pointer`, S.`ObjectPointer`, S.`Attachment`, S.`Details`)
